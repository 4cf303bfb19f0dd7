#!/usr/bin/env bash
# RFC 7692 section 7.2.3.4: a sender may end a message with a DEFLATE block that has BFINAL set.
# Expected: the next messages are read as usual. Seen: four libraries deliver them empty, without an error.
# Two of the four read them when the sender promised server_no_context_takeover; the other two lose them all the same.
. "$(dirname "$0")/lib.sh"
pip_install websockets==17.4 tornado==6.6.1 autobahn==26.10.2 aiohttp==3.14.5
npm_install undici@7.29.1 ws@8.23.0

cat >peers.py <<'PY'
import asyncio, subprocess, sys, zlib
import peer

def final(data):
    c = zlib.compressobj(6, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush(zlib.Z_FINISH) + b"\0"

def handler(end):
    fresh = "; server_no_context_takeover" if "fresh" in end.head else ""
    peer.answer(end, [("Sec-WebSocket-Extensions", "permessage-deflate" + fresh)])
    for text in (b"one one one", b"two two two"):
        end.send(peer.TEXT, final(text), rsv1=True)
    end.send(peer.TEXT, peer.deflate(b"three three"), rsv1=True)
    end.send(peer.TEXT, b"not compressed")
    end.close(1000)
    end.recv_until_end(3)

PORT = peer.serve(handler)

async def with_websockets(url):
    import websockets
    async with websockets.connect(url, proxy=None) as w:
        return [m async for m in w]

async def with_tornado(url):
    from tornado.websocket import websocket_connect
    w = await websocket_connect(url, compression_options={})
    got = []
    while (m := await w.read_message()) is not None:
        got.append(m)
    return got

async def with_aiohttp(url):
    import aiohttp
    async with aiohttp.ClientSession() as s, s.ws_connect(url, compress=15) as w:
        return [m.data async for m in w]

async def with_autobahn(url):
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponseAccept
    got, done = [], asyncio.get_running_loop().create_future()
    class Client(WebSocketClientProtocol):
        def onMessage(self, payload, binary): got.append(payload.decode())
        def onClose(self, *why): done.set_result(got)
    f = WebSocketClientFactory(url)
    f.protocol = Client
    f.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()],
                         perMessageCompressionAccept=lambda r: PerMessageDeflateResponseAccept(r))
    await asyncio.get_running_loop().create_connection(f, "127.0.0.1", PORT)
    return await done

def with_node(name, url):
    code = """const W = require('%s').WebSocket; const w = new W('%s'); const got = []
      w.onmessage = e => got.push(e.data); w.onclose = () => console.log(got.map(JSON.stringify).join(', '))
      w.onerror = () => got.push('error')""" % (name, url)
    return subprocess.run(["node", "-e", code], capture_output=True, text=True, timeout=20).stdout.strip().replace('"', "'")

for path in ("plain", "fresh"):
    url = "ws://127.0.0.1:%d/%s" % (PORT, path)
    for name in ("websockets", "tornado", "autobahn", "aiohttp"):
        print("%s %s: %s" % (path, name, str(asyncio.run(asyncio.wait_for(globals()["with_" + name](url), 10)))[1:-1]))
    for name in ("undici", "ws"):
        print("%s %s: %s" % (path, name, with_node(name, url)))
PY
"$PY" peers.py >seen
LOST="'one one one', '', '', 'not compressed'"
ALL="'one one one', 'two two two', 'three three', 'not compressed'"
check seen "plain websockets: $LOST" "plain tornado: $LOST" "plain autobahn: $LOST" "plain aiohttp: $ALL" "plain undici: $LOST" "plain ws: $ALL" \
  "fresh websockets: $ALL" "fresh tornado: $LOST" "fresh autobahn: $ALL" "fresh aiohttp: $ALL" "fresh undici: $LOST" "fresh ws: $ALL"
