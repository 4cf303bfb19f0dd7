#!/usr/bin/env bash
# The peer sends a Close frame without a code and the closing handshake completes (RFC 6455 section 7.1.5: the code is then 1005).
# Expected: 1005 and clean everywhere, answered by a Close frame without a code. Seen: 1006, 1000 and 0, and three different answers.
. "$(dirname "$0")/lib.sh"
npm_install websocket@1.0.35 faye-websocket@0.11.4 websocket-driver@0.8.0 ws@8.23.0
pip_install aiohttp==3.14.5 picows==2.3.1 websockets==17.4
cat >run.py <<'PY'
import asyncio, queue, peer
answers = queue.Queue()
def handler(end):
    peer.answer(end)
    end.close()
    answers.put(end.recv(3))
    end.recv_until_end(1)
url = "ws://127.0.0.1:%d/" % peer.serve(handler)
def shown(name, report):
    print("%s: reports %s; answers %s" % (name, report, answers.get(timeout=5)), flush=True)

for name in ("websocket:w3cwebsocket", "faye-websocket:Client", "ws"):
    shown(name, peer.node_client(name, url))

async def with_aiohttp():
    import aiohttp
    async with aiohttp.ClientSession() as s, s.ws_connect(url) as w:
        m = await w.receive()
        return "message %s %s, then close_code %s and exception %s" % (m.type.name, m.data, w.close_code, type(w.exception()).__name__)

async def with_picows():
    import picows
    codes = []
    class Listener(picows.WSListener):
        def on_ws_frame(self, transport, frame):
            if frame.msg_type == picows.WSMsgType.CLOSE:
                codes.append(frame.get_close_code())
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
    transport, _ = await picows.ws_connect(Listener, url)
    await transport.wait_disconnected()
    return "get_close_code() %s, echoed as its README does" % codes[0]

async def with_websockets():
    import websockets
    async with websockets.connect(url, proxy=None) as w:
        await w.wait_closed()
        return "%s" % w.close_code

for name in ("aiohttp", "picows", "websockets"):
    shown(name, asyncio.run(asyncio.wait_for(globals()["with_" + name](), 10)))
PY
"$PY" run.py >seen
check seen "websocket:w3cwebsocket: reports open, close 1006 Connection dropped by remote peer. unclean; answers close 1000" \
  "faye-websocket:Client: reports open, close 1000; answers close 1000" \
  "aiohttp: reports message CLOSE 0, then close_code 1006 and exception EofStream; answers close 1000" \
  "ws: reports open, close 1005 clean; answers close without a code" \
  "websockets: reports 1005; answers close without a code"
grep -q "^picows: reports get_close_code() 0, .*answers close 0$" seen
