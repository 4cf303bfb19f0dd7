#!/usr/bin/env bash
# RFC 6455 section 9.1: an extension parameter's value may be a quoted string; server_max_window_bits="10" equals server_max_window_bits=10.
# Expected: both forms are taken. Seen: aiohttp refuses the handshake; undici (Node's WebSocket) fires open and fails afterwards.
. "$(dirname "$0")/lib.sh"
npm_install undici@7.29.1 ws@8.23.0
pip_install aiohttp==3.14.5 websockets==17.4
cat >run.py <<'PY'
import asyncio, peer
def handler(end):
    value = '"10"' if "quoted" in end.head else "10"
    peer.answer(end, [("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=" + value)])
    end.send(peer.TEXT, peer.deflate(b"hello", -10), rsv1=True)
    end.close(1000)
    end.recv_until_end(3)
port = peer.serve(handler)

async def with_aiohttp(url):
    import aiohttp
    try:
        async with aiohttp.ClientSession() as s, s.ws_connect(url, compress=15) as w:
            return "text '%s'" % (await w.receive()).data
    except aiohttp.WSServerHandshakeError as e:
        return "%s: %s" % (type(e).__name__, e.message)

async def with_websockets(url):
    import websockets
    async with websockets.connect(url, proxy=None) as w:
        return "text '%s'" % await w.recv()

for form in ("token", "quoted"):
    url = "ws://127.0.0.1:%d/%s" % (port, form)
    for name in ("aiohttp", "websockets"):
        print("%s, %s: %s" % (form, name, asyncio.run(asyncio.wait_for(globals()["with_" + name](url), 10))))
    for name in ("undici", "ws"):
        print("%s, %s: %s" % (form, name, peer.node_client(name, url)))
PY
"$PY" run.py >seen
check seen "token, aiohttp: text 'hello'" "token, undici: open, text 'hello', close 1000 clean" "quoted, websockets: text 'hello'" \
  "quoted, ws: open, text 'hello', close 1000 clean" "quoted, undici: open, error, close 1006 unclean"
grep -q "^quoted, aiohttp: WSServerHandshakeError" seen
