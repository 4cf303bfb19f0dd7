"""PyPI `websockets` as the peer: `server` for our client, `client ORIGIN` for our server.

What is checked is what tests/interop/src/checks.rs has.
"""

import asyncio
import json
import sys
from contextlib import suppress
from urllib.parse import parse_qs, quote, urlsplit

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

TEXTS = ["", "Hello, WebSocket", "Grüße, 世界 🌍"]
REASON = "bye ☂"
LARGE = 1 << 20
# As `LIMIT` in checks.rs.
LIMIT = 30
MAX_SIZE = 4 << 20


def some_bytes(length: int) -> bytes:
    return bytes((index * 7 + index // 251) & 255 for index in range(length))


def large_text() -> str:
    lines, length = [], 0
    while length < LARGE:
        line = f'{{"line":{len(lines)},"of":"Grüße, 世界"}}\n'
        lines.append(line)
        length += len(line.encode())
    return "".join(lines)


def pieces(message, size: int):
    return [message[start : start + size] for start in range(0, len(message), size)]


# --- server ---


async def answer(socket) -> None:
    target = urlsplit(socket.request.path)
    query = {name: values[0] for name, values in parse_qs(target.query).items()}
    match target.path:
        case "/close":
            await socket.close(int(query["code"]), query["reason"])
        case "/ping":
            for index in range(int(query["count"])):
                pong = await socket.ping(bytes([97 + index]) * int(query["size"]))
                await pong
                await socket.send(f"pong {index}")
            await socket.close(1000)
        case "/fragment":
            async for message in socket:
                await socket.send(pieces(message, int(query["size"])))
        case _:
            with suppress(ConnectionClosed):
                while True:
                    await socket.send(await socket.recv())
    if "tag" in query:
        print(json.dumps({"closed": socket.close_code, "reason": socket.close_reason}), flush=True)


def choose(socket, offered):
    """The subprotocol that the query names, if it was offered."""
    wanted = parse_qs(urlsplit(socket.request.path).query).get("protocol", [None])[0]
    return wanted if wanted in offered else None


async def run_server() -> None:
    async with serve(answer, "127.0.0.1", 0, select_subprotocol=choose, max_size=MAX_SIZE) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"ws://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


# --- client ---


def opened(url: str, **options):
    return connect(url, max_size=MAX_SIZE, proxy=None, **{"compression": None, **options})


async def echoed(socket, message) -> None:
    await socket.send(message)
    same(await socket.recv(), message)


def same(got, wanted) -> None:
    if got != wanted:
        raise AssertionError(f"{got!r:.200} instead of {wanted!r:.200}")


async def text(origin: str) -> None:
    async with opened(f"{origin}/echo") as socket:
        for each in TEXTS:
            await echoed(socket, each)


async def binary(origin: str) -> None:
    async with opened(f"{origin}/echo") as socket:
        for length in [0, 1, 125, 126, 256, 65_535, 65_536]:
            await echoed(socket, some_bytes(length))


async def large(origin: str) -> None:
    async with opened(f"{origin}/echo") as socket:
        await echoed(socket, large_text())
        await echoed(socket, some_bytes(LARGE))


async def fragments_received(origin: str) -> None:
    async with opened(f"{origin}/fragment?size=7") as socket:
        await echoed(socket, "".join(TEXTS))
        await echoed(socket, some_bytes(1000))


async def fragments_sent(origin: str) -> None:
    async with opened(f"{origin}/echo") as socket:
        for message in ["".join(TEXTS), some_bytes(1000)]:

            async def parts(message=message):
                for piece in pieces(message, 7):
                    yield piece
                    await socket.ping()

            await socket.send(parts())
            same(await socket.recv(), message)


async def ping_received(origin: str) -> None:
    async with opened(f"{origin}/ping?count=3&size=125") as socket:
        for index in range(3):
            same(await socket.recv(), f"pong {index}")
        same(await end(socket), (1000, ""))


async def ping_sent(origin: str) -> None:
    async with opened(f"{origin}/echo") as socket:
        for payload in [b"", some_bytes(125)]:
            await (await socket.ping(payload))


async def compression(origin: str) -> None:
    async with opened(f"{origin}/echo?deflate=yes", compression="deflate") as socket:
        same([each.name for each in socket.protocol.extensions], ["permessage-deflate"])
        for _ in range(2):
            await echoed(socket, large_text())
            await echoed(socket, some_bytes(LARGE))
            for each in TEXTS:
                await echoed(socket, each)
        # In pieces, and compressed as one.
        await socket.send(pieces(large_text(), 1000))
        same(await socket.recv(), large_text())
    async with opened(f"{origin}/echo?deflate=yes") as socket:
        same(list(socket.protocol.extensions), [])


async def subprotocol(origin: str) -> None:
    async with opened(f"{origin}/echo?protocol=chat", subprotocols=["unknown", "chat"]) as socket:
        same(socket.subprotocol, "chat")
    async with opened(f"{origin}/echo") as socket:
        same(socket.subprotocol, None)


async def close_begun(origin: str) -> None:
    async with opened(f"{origin}/echo?tag=close") as socket:
        await echoed(socket, "before")
        await socket.close(4001, REASON)
        same(socket.close_code, 4001)


async def close_received(origin: str) -> None:
    async with opened(f"{origin}/close?code=4002&reason={quote(REASON)}") as socket:
        same(await end(socket), (4002, REASON))


async def end(socket) -> tuple:
    try:
        return f"a message: {await socket.recv()!r}", ""
    except ConnectionClosed as closed:
        return closed.rcvd.code, closed.rcvd.reason


CLIENT = [
    text,
    binary,
    large,
    fragments_received,
    fragments_sent,
    ping_received,
    ping_sent,
    compression,
    subprotocol,
    close_begun,
    close_received,
]


async def run_client(origin: str) -> None:
    for check in CLIENT:
        row = {"check": check.__name__.replace("_", " ")}
        try:
            await asyncio.wait_for(check(origin), LIMIT)
        except Exception as error:  # Whatever it is, it is what came of the check.
            row["wrong"] = f"{type(error).__name__}: {error}"
        print(json.dumps(row), flush=True)


asyncio.run(run_server() if sys.argv[1] == "server" else run_client(sys.argv[2]))
