#!/usr/bin/env bash
# A peer closes with 1012, 1013 and 1014 "Bad gateway"; all three are in IANA's registry of close codes, without a difference.
# Expected: each code is reported and echoed. Seen: autobahn, wsproto (trio-websocket, uvicorn --ws wsproto) and tungstenite (granian) take
# 1012 and 1013 and fail the connection for 1014; faye-websocket turns all three into 1002; ws and undici report all three.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 undici@7.29.1 faye-websocket@0.11.4 websocket-driver@0.8.0
pip_install granian==2.8.9 uvicorn==0.54.0 wsproto==1.3.2 autobahn==26.10.2 trio-websocket==0.12.2 trio==0.35.0
cat >application.py <<'PY'
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (m := await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        pass
PY
cat >run.py <<'PY'
import asyncio, logging, subprocess, sys, peer
logging.disable()
def handler(end):
    peer.answer(end)
    end.close(int(end.head.split()[1][1:]), "r")
    end.recv_until_end(3)
PORT = peer.serve(handler)
CODES = (1012, 1013, 1014)

for name in ("ws", "undici", "faye-websocket:Client"):
    print("client %s: %s" % (name, "; ".join(peer.node_client(name, "ws://127.0.0.1:%d/%d" % (PORT, c)).replace("open, ", "") for c in CODES)), flush=True)

async def with_autobahn(code):
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    done = asyncio.get_running_loop().create_future()
    class Client(WebSocketClientProtocol):
        def onClose(self, clean, code, reason): done.set_result("close %s %s" % (code, "clean" if clean else "unclean"))
    factory = WebSocketClientFactory("ws://127.0.0.1:%d/%d" % (PORT, code))
    factory.protocol = Client
    await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", PORT)
    return await done
print("client autobahn: " + "; ".join(asyncio.run(asyncio.wait_for(with_autobahn(c), 10)) for c in CODES), flush=True)

async def with_trio(code):
    import trio, trio_websocket
    async def main():
        try:
            async with trio_websocket.open_websocket_url("ws://127.0.0.1:%d/%d" % (PORT, code)) as w:
                await w.get_message()
        except trio_websocket.ConnectionClosed as e:
            return "close %s" % e.reason.code
        except Exception as e:
            return type(e).__name__
    return await asyncio.to_thread(trio.run, main)
print("client trio-websocket over wsproto: " + "; ".join(asyncio.run(asyncio.wait_for(with_trio(c), 10)) for c in CODES), flush=True)

for name, args in (("granian", ["granian", "--interface", "asgi", "--port"]), ("uvicorn --ws wsproto", ["uvicorn", "--ws", "wsproto", "--log-level", "critical", "--port"])):
    port = peer.free_port()
    server = subprocess.Popen([sys.executable, "-m", *args, str(port), "application:app"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peer.wait_port(port)
        answers = []
        for code in CODES:
            end = peer.connect(port)
            end.close(code, "r")
            answers.append(str(end.recv(3)))
        print("server %s answers: %s" % (name, "; ".join(answers)), flush=True)
    finally:
        server.terminate()
        server.wait()
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "client ws: close 1012 r clean; close 1013 r clean; close 1014 r clean" "client undici: close 1012 r clean; close 1013 r clean; close 1014 r clean" \
  "client faye-websocket:Client: close 1002 r; close 1002 r; close 1002 r" "client autobahn: close 1012 clean; close 1013 clean; close 1006 unclean" \
  "client trio-websocket over wsproto: close 1012; close 1013; close 1002" \
  "server granian answers: close 1012 r; close 1013 r; close 1002 Protocol violation" "server uvicorn --ws wsproto answers: close 1012 r; close 1013 r; FIN"
