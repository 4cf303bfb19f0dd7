#!/usr/bin/env bash
# The 101 carries "Connection: keep-alive, Upgrade". RFC 6455 section 4.1 asks a client only for a token "Upgrade" in the list.
# Expected: every client opens. Seen: half of the common clients refuse, each with another report; Tornado with a failed assertion.
. "$(dirname "$0")/lib.sh"
npm_install undici@7.29.1 ws@8.23.0 websocket@1.0.35 faye-websocket@0.11.4 websocket-driver@0.8.0
pip_install aiohttp==3.14.5 tornado==6.6.1 picows==2.3.1 websockets==17.4 websocket-client==1.9.2
cat >run.py <<'PY'
import asyncio, logging, peer
logging.disable()
def handler(end):
    end.raw(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n" % peer.accept_key(end.header("Sec-WebSocket-Key"))).encode())
    end.close(1000)
    end.recv_until_end(2)
url = "ws://127.0.0.1:%d/" % peer.serve(handler)

async def with_aiohttp():
    import aiohttp
    async with aiohttp.ClientSession() as s, s.ws_connect(url):
        pass
async def with_tornado():
    from tornado.websocket import websocket_connect
    await websocket_connect(url)
async def with_picows():
    import picows
    await picows.ws_connect(picows.WSListener, url)
async def with_websockets():
    import websockets
    async with websockets.connect(url, proxy=None):
        pass
async def with_websocket_client():
    import websocket
    await asyncio.to_thread(websocket.create_connection, url, timeout=5)

for name in ("aiohttp", "tornado", "picows", "websockets", "websocket_client"):
    try:
        asyncio.run(asyncio.wait_for(globals()["with_" + name](), 10))
        print("%s: opens" % name)
    except Exception as e:
        print("%s: refuses, %s" % (name, type(e).__name__))
for name in ("undici", "websocket:w3cwebsocket", "faye-websocket:Client", "ws"):
    seen = peer.node_client(name, url)
    print("%s: %s" % (name, "opens" if seen.startswith("open") else "refuses, " + seen))
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "aiohttp: refuses, WSServerHandshakeError" "tornado: refuses, StreamClosedError" "picows: refuses, WSInvalidUpgradeError" \
  "websockets: opens" "websocket_client: opens" "undici: refuses, error, close 1006 unclean" "ws: opens" \
  "websocket:w3cwebsocket: refuses, error, close 1006 connection failed unclean" \
  "faye-websocket:Client: refuses, error, close 1002 Error during WebSocket handshake: 'Connection' header value is not 'Upgrade'"
