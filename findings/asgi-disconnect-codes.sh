#!/usr/bin/env bash
# What an ASGI application is told in `websocket.disconnect`, by four servers: the client closes with 4005, closes without a code, or is lost (FIN).
# Expected: 4005, 1005, and 1006 for the loss. Seen: hypercorn says 1006 for every end. uvicorn and granian say 1005 for a lost client,
# as for one that closed without a code. daphne says None where there was no code.
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
        pass
    with open("told", "w") as f:
        f.write("None" if m.get("code") is None else str(int(m["code"])))
PY
cat >run.py <<'PY'
import os, subprocess, sys, time, peer
SERVERS = {"uvicorn": ["--port"], "hypercorn": ["--bind", "127.0.0.1:"], "daphne": ["-p"], "granian": ["--interface", "asgi", "--port"]}
for name, args in SERVERS.items():
    port = peer.free_port()
    args = [*args[:-1], args[-1] + str(port)] if args[-1].endswith(":") else [*args, str(port)]
    server = subprocess.Popen([sys.executable, "-m", name, *args, "application:app"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = {}
    try:
        peer.wait_port(port)
        for what, code in (("4005", 4005), ("no code", None), ("lost", "FIN")):
            end = peer.connect(port)
            end.send(peer.TEXT, "hi")
            if code != "FIN":
                end.close(code)
                end.recv(5)
            end.end()
            deadline = time.monotonic() + 10
            while not (os.path.exists("told") and os.path.getsize("told")) and time.monotonic() < deadline:
                time.sleep(0.05)
            told[what] = open("told").read()
            os.remove("told")
    finally:
        server.kill()
        server.wait()
    print("%s: %s" % (name, ", ".join("%s is %s" % pair for pair in told.items())))
PY
"$PY" run.py >seen
check seen "uvicorn: 4005 is 4005, no code is 1005, lost is 1005" "hypercorn: 4005 is 1006, no code is 1006, lost is 1006" \
  "daphne: 4005 is 4005, no code is None, lost is 1006" "granian: 4005 is 4005, no code is 1005, lost is 1005"
