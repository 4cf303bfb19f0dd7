#!/usr/bin/env bash
# A client with little memory offers permessage-deflate with server_max_window_bits=8 (RFC 7692 allows 8 to 15): it can look back 256 bytes.
# Expected: zlib cannot make a raw window of 8 bits (it takes 9 silently), so that servers over Node's zlib break the promise or decline.
# Seen: npm ws and faye-websocket agree to 8 and keep it, by chance: zlib's window of 512 bytes never looks back more than 250.
# Of the others Tornado answers 500 and autobahn 400; aiohttp and websockets go on without the extension.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 faye-websocket@0.11.4 websocket-driver@0.8.0 permessage-deflate@0.1.7
pip_install tornado==6.6.1 autobahn==26.10.2 aiohttp==3.14.5 websockets==17.4
cat >server.cjs <<'JS'
const http = require('node:http')
// Bytes that do not compress, and then the first 64 of them again, `distance` bytes later.
let x = 1; const random = () => (x = (x * 48271) % 2147483647) & 255
const messages = [200, 250, 251, 256, 400].map((distance) => {
  const part = Buffer.from(Array.from({ length: distance }, random))
  return Buffer.concat([part, part.subarray(0, 64)])
})
const ws = new (require('ws').Server)({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
ws.on('connection', (s) => messages.forEach((m) => s.send(m)))
const Faye = require('faye-websocket'), deflate = require('permessage-deflate')
const server = http.createServer().on('upgrade', (q, s, b) => { const s2 = new Faye(q, s, b, [], { extensions: [deflate] }); messages.forEach((m) => s2.send(m)) })
server.listen(0, '127.0.0.1', () => console.log(ws.address().port, server.address().port))
JS
cat >run.py <<'PY'
import asyncio, logging, subprocess, peer
logging.disable()
OFFER = [("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=8")]

def look(name, port):
    end = peer.connect(port, "/", OFFER)
    ext = end.header("Sec-WebSocket-Extensions")
    print("%s: %d, %s" % (name, end.status, ext or "no extension"), flush=True)
    if end.status == 101 and ext:
        for distance in (200, 250, 251, 256, 400):
            n = len(end.recv(3).data)
            print("%s: a repetition %d bytes back is %s" % (name, distance, "found" if n < distance + 32 else "not found"), flush=True)
    end.end()

node = subprocess.Popen(["node", "server.cjs"], stdout=subprocess.PIPE, text=True)
a, b = map(int, node.stdout.readline().split())
look("ws", a)
look("faye-websocket", b)
node.kill()

async def main():
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler
    class Handler(WebSocketHandler):
        def get_compression_options(self): return {}
    tornado = peer.free_port()
    Application([("/", Handler)]).listen(tornado, "127.0.0.1")
    import websockets
    server = await websockets.serve(lambda w: w.wait_closed(), "127.0.0.1", 0)
    import aiohttp.web
    async def handler(request):
        w = aiohttp.web.WebSocketResponse()
        await w.prepare(request)
        async for m in w: pass
        return w
    app = aiohttp.web.Application()
    app.router.add_get("/", handler)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    aio = peer.free_port()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", aio).start()
    from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
    bahn = peer.free_port()
    factory = WebSocketServerFactory("ws://127.0.0.1:%d" % bahn)
    factory.protocol = WebSocketServerProtocol
    factory.setProtocolOptions(perMessageCompressionAccept=lambda offers: PerMessageDeflateOfferAccept(offers[0]))
    await asyncio.get_running_loop().create_server(factory, "127.0.0.1", bahn)
    for name, port in (("tornado", tornado), ("websockets", server.sockets[0].getsockname()[1]), ("aiohttp", aio), ("autobahn", bahn)):
        await asyncio.to_thread(look, name, port)

asyncio.run(main())
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "ws: 101, permessage-deflate; server_max_window_bits=8" "ws: a repetition 250 bytes back is found" "ws: a repetition 251 bytes back is not found" \
  "faye-websocket: 101, permessage-deflate; server_max_window_bits=8" "faye-websocket: a repetition 251 bytes back is not found" \
  "tornado: 500, no extension" "autobahn: 400, no extension" "aiohttp: 101, no extension" "websockets: 101, no extension"
