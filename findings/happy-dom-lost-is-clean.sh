#!/usr/bin/env bash
# happy-dom (the DOM of Vitest and Jest tests) has its own WebSocket. The connection is lost without a Close frame; then a handshake is refused.
# Expected, as in a browser: 1006 with wasClean false; error before close. Seen: wasClean true after the loss, and no error event at all.
. "$(dirname "$0")/lib.sh"
npm_install happy-dom@21.0.4 undici@7.29.1
cat >run.py <<'PY'
import peer
def handler(end):
    if "refused" in end.head:
        end.raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    peer.answer(end)
    end.send(peer.TEXT, "last words")
port = peer.serve(handler)
for name in ("happy-dom", "undici"):
    for path in ("lost", "refused"):
        print("%s, %s: %s" % (name, path, peer.node_client(name, "ws://127.0.0.1:%d/%s" % (port, path))))
PY
python3 run.py >seen
check seen "happy-dom, lost: open, text 'last words', close 1006 clean" "happy-dom, refused: close 1006 unclean" \
  "undici, lost: open, text 'last words', error, close 1006 unclean" "undici, refused: error, close 1006 unclean"
