#!/usr/bin/env bash
# RFC 6455 section 5.4: control frames may stand between the fragments of a message, also of a compressed one (RFC 7692 section 6.1).
# Expected: the message arrives. Seen: Tornado and wsproto (uvicorn --ws wsproto, hypercorn) forget that the message is compressed.
# The compressed bytes are then taken for the text: mostly the connection fails, and where they are valid UTF-8 they are delivered.
. "$(dirname "$0")/lib.sh"
pip_install tornado==6.6.1 wsproto==1.3.2 websockets==17.4
cat >run.py <<'PY'
import asyncio, logging, peer
logging.disable()

def handler(end):
    peer.answer(end, [("Sec-WebSocket-Extensions", "permessage-deflate")])
    data = peer.deflate(b"frag" if "short" in end.head else b"hello, fragments")
    end.send(peer.TEXT, data[:2], fin=False, rsv1=True)
    if "ping" in end.head:
        end.send(peer.PING, b"in between")
    end.send(peer.CONT, data[2:])
    end.close(1000)
    end.recv_until_end(3)

PORT = peer.serve(handler)

async def with_tornado(url):
    from tornado.websocket import websocket_connect
    w = await websocket_connect(url, compression_options={})
    got = []
    while (m := await w.read_message()) is not None:
        got.append(m)
    return got, w.close_code

async def with_wsproto(url):
    import socket
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import CloseConnection, Ping, Request, TextMessage
    from wsproto.extensions import PerMessageDeflate
    from wsproto.utilities import RemoteProtocolError
    sock = socket.create_connection(("127.0.0.1", PORT), 5)
    ws = WSConnection(ConnectionType.CLIENT)
    sock.sendall(ws.send(Request(host="127.0.0.1", target="/" + url.split("/")[-1], extensions=[PerMessageDeflate()])))
    got, text = [], ""
    while True:
        ws.receive_data(sock.recv(65536) or None)
        try:
            for event in ws.events():
                if isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        got.append(text)
                elif isinstance(event, Ping):
                    sock.sendall(ws.send(event.response()))
                elif isinstance(event, CloseConnection):
                    return got, event.code
        except RemoteProtocolError as e:
            return got, "none: " + str(e)

async def with_websockets(url):
    import websockets
    async with websockets.connect(url, proxy=None) as w:
        return [m async for m in w], w.close_code

for name in ("tornado", "wsproto", "websockets"):
    for path in ("straight", "ping", "short-ping"):
        try:
            got, code = asyncio.run(asyncio.wait_for(globals()["with_" + name]("ws://127.0.0.1:%d/%s" % (PORT, path)), 10))
        except Exception as e:
            got, code = [], repr(e)
        print("%s, %s: messages %s, close code %s" % (name, path, got, code))
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "tornado, straight: messages ['hello, fragments'], close code 1000" "tornado, ping: messages [], close code None" \
  "tornado, short-ping: messages ['J+JL\x07\x00'], close code 1000" "wsproto, straight: messages ['hello, fragments'], close code 1000" \
  "wsproto, ping: messages [], close code 1007" "wsproto, short-ping: messages ['fJL\x07\x00'], close code 1000" \
  "websockets, ping: messages ['hello, fragments'], close code 1000" "websockets, short-ping: messages ['frag'], close code 1000"
