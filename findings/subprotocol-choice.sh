#!/usr/bin/env bash
# What servers make of the subprotocols a client offers. The client offers "not-known, v2" in one line, then in two lines
# (RFC 6455 section 11.3.4 lets the request header appear several times). The server knows v2, where it can be told.
# Expected: v2 both times; nothing where the server knows none. Seen: npm ws and npm websocket, told nothing, agree to the first one offered,
# whatever it is; aiohttp reads the first line alone and picks nothing; websockets answers 400 to a client that offers nothing.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 websocket@1.0.35
pip_install aiohttp==3.14.5 websockets==17.4 tornado==6.6.1
cat >server.cjs <<'JS'
const http = require('node:http')
const ws = new (require('ws').Server)({ port: 0, host: '127.0.0.1' })
const server = http.createServer()
new (require('websocket').server)({ httpServer: server, autoAcceptConnections: true })
server.listen(0, '127.0.0.1', () => console.log(ws.address().port, server.address().port))
JS
cat >run.py <<'PY'
import asyncio, logging, subprocess, peer
logging.disable()
NAME = "Sec-WebSocket-Protocol"

def look(name, port):
    got = []
    for headers in ([(NAME, "not-known, v2")], [(NAME, "not-known"), (NAME, "v2")], []):
        end = peer.connect(port, "/", headers)
        got.append((end.header(NAME) or "none chosen") if end.status == 101 else "status %d" % end.status)
        end.end()
    print("%s: one line: %s; two lines: %s; nothing offered: %s" % (name, *got), flush=True)

node = subprocess.Popen(["node", "server.cjs"], stdout=subprocess.PIPE, text=True)
a, b = map(int, node.stdout.readline().split())
look("ws, told nothing", a)
look("websocket, told nothing", b)
node.kill()

async def main():
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler
    class Handler(WebSocketHandler):
        def select_subprotocol(self, offered): return "v2" if "v2" in offered else None
    tornado = peer.free_port()
    Application([("/", Handler)]).listen(tornado, "127.0.0.1")
    import websockets
    server = await websockets.serve(lambda w: w.wait_closed(), "127.0.0.1", 0, subprotocols=["v2"])
    import aiohttp.web
    async def handler(request):
        w = aiohttp.web.WebSocketResponse(protocols=["v2"])
        await w.prepare(request)
        async for m in w: pass
        return w
    app = aiohttp.web.Application()
    app.router.add_get("/", handler)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    aio = peer.free_port()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", aio).start()
    for name, port in (("tornado", tornado), ("websockets", server.sockets[0].getsockname()[1]), ("aiohttp", aio)):
        await asyncio.to_thread(look, name, port)

asyncio.run(main())
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "ws, told nothing: one line: not-known; two lines: not-known; nothing offered: none chosen" \
  "websocket, told nothing: one line: not-known; two lines: not-known; nothing offered: none chosen" \
  "aiohttp: one line: v2; two lines: none chosen; nothing offered: none chosen" \
  "tornado: one line: v2; two lines: v2; nothing offered: none chosen" "websockets: one line: v2; two lines: v2; nothing offered: status 400"
