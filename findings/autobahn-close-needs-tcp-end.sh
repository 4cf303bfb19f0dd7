#!/usr/bin/env bash
# The user closes with 4001; the server answers 4001 at once, but ends TCP only after 2 s (a proxy or a busy server does).
# Expected: both Close frames have passed, so the end is clean with 4001. Seen: autobahn reports 1006 and unclean after 1 s.
. "$(dirname "$0")/lib.sh"
pip_install autobahn==26.10.2 websockets==17.4
cat >run.py <<'PY'
import asyncio, logging, time, peer
logging.disable()
def handler(end):
    peer.answer(end)
    close = end.recv(3)
    end.send(peer.CLOSE, close.data)
    time.sleep(2 if "late" in end.head else 0)
port = peer.serve(handler)

async def with_autobahn(url):
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    done = asyncio.get_running_loop().create_future()
    class Client(WebSocketClientProtocol):
        def onOpen(self): self.sendClose(4001, "x")
        def onClose(self, clean, code, reason): done.set_result("%s %s" % (code, "clean" if clean else "unclean"))
    factory = WebSocketClientFactory(url)
    factory.protocol = Client
    await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", port)
    return await done

async def with_websockets(url):
    import websockets
    async with websockets.connect(url, proxy=None) as w:
        await w.close(4001, "x")
        return "%s" % w.close_code

for name in ("autobahn", "websockets"):
    for path in ("at-once", "late"):
        print("%s, TCP ends %s: %s" % (name, path, asyncio.run(asyncio.wait_for(globals()["with_" + name]("ws://127.0.0.1:%d/%s" % (port, path)), 10))))
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "autobahn, TCP ends at-once: 4001 clean" "autobahn, TCP ends late: 1006 unclean" "websockets, TCP ends late: 4001"
