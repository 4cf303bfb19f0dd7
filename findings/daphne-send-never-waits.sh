#!/usr/bin/env bash
# An ASGI application sends 1,000 messages of 64 KiB to a client that reads none of them, awaiting each send().
# Expected: send() waits once the buffers are full, as with uvicorn, hypercorn and granian after some 60 messages (4 MB, which the kernel holds).
# Seen: daphne takes all 64 MB at once. A slow client costs memory without a bound, and the application is not told.
. "$(dirname "$0")/lib.sh"
pip_install uvicorn==0.54.0 websockets==17.4 hypercorn==0.18.0 daphne==4.2.3 granian==2.8.9
cat >application.py <<'PY'
import asyncio
sent = 0
async def app(scope, receive, send):
    global sent
    if scope["type"] == "lifespan":
        while (m := await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/count":
        return await send({"type": "websocket.send", "text": str(sent)})
    while sent < 1000:
        await send({"type": "websocket.send", "bytes": bytes(65536)})
        sent += 1
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
        silent = peer.connect(port)
        time.sleep(5)
        sent = int(peer.connect(port, "/count").recv().data)
        print("%s: send() %s" % (name, "took all 1000" if sent == 1000 else "waits" if sent < 300 else "took %d" % sent))
    finally:
        server.kill()
        server.wait()
PY
"$PY" run.py >seen
check seen "uvicorn: send() waits" "hypercorn: send() waits" "granian: send() waits" "daphne: send() took all 1000"
