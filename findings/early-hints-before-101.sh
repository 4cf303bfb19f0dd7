#!/usr/bin/env bash
# An interim response (103 Early Hints) precedes the 101. RFC 9110 section 15.2: a client must be able to parse it, even if it does not expect one.
# Expected: the handshake goes on. Seen: six Python clients take the 103 for the final answer and fail; aiohttp, Tornado, ws and npm websocket open.
# faye-websocket opens only if the 103 and the 101 arrive in one segment; here 0.3 s lie between them.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 websocket@1.0.35 faye-websocket@0.11.4 websocket-driver@0.8.0
pip_install websockets==17.4 websocket-client==1.9.2 simple-websocket==1.1.0 wsproto==1.3.2 trio-websocket==0.12.2 trio==0.35.0 picows==2.3.1 \
  autobahn==26.10.2 aiohttp==3.14.5 tornado==6.6.1
cat >run.py <<'PY'
import asyncio, logging, time, peer
logging.disable()
def handler(end):
    end.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n")
    time.sleep(0.3)
    peer.answer(end)
    end.close(1000)
    end.recv_until_end(2)
port = peer.serve(handler)
url = "ws://127.0.0.1:%d/" % port

async def with_websockets():
    import websockets
    async with websockets.connect(url, proxy=None):
        pass
async def with_websocket_client():
    import websocket
    await asyncio.to_thread(websocket.create_connection, url, timeout=5)
async def with_simple_websocket():
    import simple_websocket
    await asyncio.to_thread(simple_websocket.Client.connect, url)
async def with_trio_websocket():
    import trio, trio_websocket
    async def main():
        async with trio_websocket.open_websocket_url(url):
            pass
    await asyncio.to_thread(trio.run, main)
async def with_picows():
    import picows
    await picows.ws_connect(picows.WSListener, url)
async def with_autobahn():
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    done = asyncio.get_running_loop().create_future()
    class Client(WebSocketClientProtocol):
        def onOpen(self): done.done() or done.set_result(None)
        def onClose(self, clean, code, reason): done.done() or done.set_exception(ConnectionError(reason))
    factory = WebSocketClientFactory(url)
    factory.protocol = Client
    await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", port)
    await done
async def with_aiohttp():
    import aiohttp
    async with aiohttp.ClientSession() as s, s.ws_connect(url):
        pass
async def with_tornado():
    from tornado.websocket import websocket_connect
    await websocket_connect(url)

for name in ("websockets", "websocket_client", "simple_websocket", "trio_websocket", "picows", "autobahn", "aiohttp", "tornado"):
    try:
        asyncio.run(asyncio.wait_for(globals()["with_" + name](), 10))
        print("%s: opens" % name)
    except Exception as e:
        while isinstance(e, ExceptionGroup):
            e = e.exceptions[0]
        print("%s: fails, %s" % (name, type(e).__name__))
for name in ("ws", "websocket:w3cwebsocket", "faye-websocket:Client"):
    print("%s: %s" % (name, "opens" if peer.node_client(name, url).startswith("open") else "fails"))
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "websockets: fails, InvalidStatus" "websocket_client: fails, WebSocketBadStatusException" "simple_websocket: fails, ConnectionError" \
  "trio_websocket: fails, ConnectionRejected" "picows: fails, WSInvalidStatusError" "autobahn: fails, ConnectionError" \
  "aiohttp: opens" "tornado: opens" "ws: opens" "websocket:w3cwebsocket: opens" "faye-websocket:Client: fails"
