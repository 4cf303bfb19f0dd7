#!/usr/bin/env bash
# An ASGI application echoes what it receives; it is run by daphne and by uvicorn. The client sends empty messages, text and binary.
# Expected: the application receives them and its empty answers leave. Seen: daphne passes them in, but drops each empty message on the way out, silently.
. "$(dirname "$0")/lib.sh"
pip_install daphne==4.2.3 uvicorn==0.54.0 websockets==17.4
cat >application.py <<'PY'
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (m := await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await receive()
    await send({"type": "websocket.accept"})
    n = 0
    while (m := await receive())["type"] == "websocket.receive":
        n += 1
        if m.get("text") is not None:
            await send({"type": "websocket.send", "text": m["text"]})
        else:
            await send({"type": "websocket.send", "bytes": m["bytes"]})
        if m.get("text") == "count":
            await send({"type": "websocket.send", "text": "%d received" % n})
PY
cat >run.py <<'PY'
import subprocess, sys, peer
for name, args in (("daphne", ["-p"]), ("uvicorn", ["--log-level", "error", "--port"])):
    port = peer.free_port()
    server = subprocess.Popen([sys.executable, "-m", name, *args, str(port), "application:app"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peer.wait_port(port)
        end = peer.connect(port)
        for op, data in ((peer.TEXT, "a"), (peer.TEXT, ""), (peer.BINARY, b""), (peer.BINARY, b"b"), (peer.TEXT, "count")):
            end.send(op, data)
        print("%s: %s" % (name, ", ".join(str(f) for f in end.recv_until_end(2))))
    finally:
        server.kill()
        server.wait()
PY
"$PY" run.py >seen
check seen "daphne: text b'a', binary b'b', text b'count', text b'5 received', nothing" \
  "uvicorn: text b'a', text b'', binary b'', binary b'b', text b'count', text b'5 received', nothing"
