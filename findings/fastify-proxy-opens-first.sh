#!/usr/bin/env bash
# @fastify/http-proxy with websocket: true, beside http-proxy-3. The server behind refuses with 403; is lost; is offered two subprotocols.
# Expected of a proxy: the client gets the 403, a cut connection, and the server sees both subprotocols. Seen: @fastify/http-proxy answers 101
# before it has asked (then closes with 1011), turns a lost server into a clean close 4006, and passes on the first subprotocol alone.
. "$(dirname "$0")/lib.sh"
npm_install fastify@5.12.8 @fastify/http-proxy@11.6.3 http-proxy-3@2.0.1
cat >proxies.cjs <<'JS'
const http = require('node:http')
const upstream = process.argv[2]
const fastify = require('fastify')()
fastify.register(require('@fastify/http-proxy'), { upstream, websocket: true })
const proxy = require('http-proxy-3').createProxyServer({ target: upstream })
proxy.on('error', () => {})
const server = http.createServer().on('upgrade', (q, s, h) => proxy.ws(q, s, h))
fastify.listen({ port: 0, host: '127.0.0.1' }).then(() => server.listen(0, '127.0.0.1', () =>
  console.log(fastify.server.address().port, server.address().port)))
JS
cat >run.py <<'PY'
import queue, subprocess, time, peer
offered = queue.Queue()
def handler(end):
    if "refuse" in end.head:
        return end.raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    offered.put(end.header("Sec-WebSocket-Protocol"))
    peer.answer(end, [("Sec-WebSocket-Protocol", "v2")] if "v2" in (offered.queue[-1] or "") else [])
    end.send(peer.TEXT, "hello")
    time.sleep(0.3)  # then the server is lost, without a Close frame
node = subprocess.Popen(["node", "proxies.cjs", "http://127.0.0.1:%d" % peer.serve(handler)], stdout=subprocess.PIPE, text=True)
try:
    for name, port in zip(("@fastify/http-proxy", "http-proxy-3"), map(int, node.stdout.readline().split())):
        end = peer.connect(port, "/refuse")
        print("%s, refused: status %d%s" % (name, end.status, ", then " + str(end.recv(5)) if end.status == 101 else ""))
        end = peer.connect(port, "/lost")
        print("%s, lost: %s" % (name, ", ".join(str(f) for f in (end.recv(5), end.recv(5)))))
        offered.get(timeout=5)
        end = peer.connect(port, "/protocols", [("Sec-WebSocket-Protocol", "v1, v2")])
        print("%s, offered v1 and v2: the client is told %s, the server saw %s" % (name, end.header("Sec-WebSocket-Protocol"), offered.get(timeout=5)))
finally:
    node.terminate()
    node.wait()
PY
timeout 60 python3 run.py >seen
check seen "@fastify/http-proxy, refused: status 101, then close 1011 unexpected response" "@fastify/http-proxy, lost: text b'hello', close 4006" \
  "@fastify/http-proxy, offered v1 and v2: the client is told v1, the server saw v1" \
  "http-proxy-3, refused: status 403" "http-proxy-3, lost: text b'hello', FIN" "http-proxy-3, offered v1 and v2: the client is told v2, the server saw v1, v2"
