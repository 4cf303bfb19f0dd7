#!/usr/bin/env bash
# A client offers permessage-deflate twice: first with a parameter of the future, then plain. RFC 7692 section 7.1: a server declines
# an offer with an unknown parameter, and section 5.1 lets it take the next one. Expected: 101 with plain permessage-deflate.
# Seen: npm ws answers 400, Tornado 500, autobahn 400: one unknown parameter costs the connection. websockets and aiohttp take the second.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0
pip_install tornado==6.6.1 autobahn==26.10.2 aiohttp==3.14.5 websockets==17.4
cat >run.py <<'PY'
import asyncio, logging, subprocess, peer
logging.disable()
OFFER = [("Sec-WebSocket-Extensions", "permessage-deflate; future_parameter=1, permessage-deflate")]

def look(name, port):
    end = peer.connect(port, "/", OFFER)
    print("%s: %d, %s" % (name, end.status, end.header("Sec-WebSocket-Extensions") or "no extension"), flush=True)
    end.end()

node = subprocess.Popen(["node", "-e", """const s = new (require('ws').Server)({ port: 0, host: '127.0.0.1', perMessageDeflate: true })
  s.on('listening', () => console.log(s.address().port))"""], stdout=subprocess.PIPE, text=True)
look("ws", int(node.stdout.readline()))
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
    bahn = peer.free_port()
    factory = WebSocketServerFactory("ws://127.0.0.1:%d" % bahn)
    factory.protocol = WebSocketServerProtocol
    await asyncio.get_running_loop().create_server(factory, "127.0.0.1", bahn)
    for name, port in (("tornado", tornado), ("websockets", server.sockets[0].getsockname()[1]), ("aiohttp", aio), ("autobahn", bahn)):
        await asyncio.to_thread(look, name, port)

asyncio.run(main())
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "ws: 400, no extension" "tornado: 500, no extension" "autobahn: 400, no extension" "aiohttp: 101, permessage-deflate"
grep -q "^websockets: 101, permessage-deflate" seen
