#!/usr/bin/env bash
# A WebSocket is open when its ASGI server is told to stop (SIGTERM), as for each deployment.
# Expected: Close with 1012 or 1001, and the client reconnects. Seen: uvicorn sends 1012. hypercorn waits 3 s, cancels the application and sends 1011,
# "internal error", which clients take for a fault of the application (graphql-ws does not reconnect after it). daphne and granian send no Close: 1006.
. "$(dirname "$0")/lib.sh"
pip_install uvicorn==0.54.0 websockets==17.4 hypercorn==0.18.0 daphne==4.2.3 granian==2.8.9
cat >application.py <<'PY'
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (m := await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await receive()
    await send({"type": "websocket.accept"})
    while (m := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": m["text"]})
PY
cat >run.py <<'PY'
import subprocess, sys, time, peer
SERVERS = {"uvicorn": ["--port"], "hypercorn": ["--bind", "127.0.0.1:"], "daphne": ["-p"], "granian": ["--interface", "asgi", "--port"]}
for name, args in SERVERS.items():
    port = peer.free_port()
    args = [*args[:-1], args[-1] + str(port)] if args[-1].endswith(":") else [*args, str(port)]
    server = subprocess.Popen([sys.executable, "-m", name, *args, "application:app"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peer.wait_port(port)
        end = peer.connect(port)
        end.send(peer.TEXT, "hi")
        assert end.recv().data == b"hi"
        server.terminate()
        start = time.monotonic()
        seen = end.recv(20)
        print("%s: %s%s" % (name, seen, " after some seconds" if time.monotonic() - start > 2 else ""))
        end.end()
        server.wait(20)
    finally:
        server.kill()
        server.wait()
PY
"$PY" run.py >seen
check seen "uvicorn: close 1012" "hypercorn: close 1011 after some seconds" "daphne: FIN" "granian: FIN"
