#!/usr/bin/env bash
# Empty text messages to the W3C class of npm "websocket". RFC 6455 allows an empty payload.
# Expected: message events with ''. Seen: the W3C class drops every empty text message silently, but delivers an empty binary one.
# Besides: the close event carries a reason, "Normal connection closure", that the peer did not send.
. "$(dirname "$0")/lib.sh"
npm_install websocket@1.0.35 ws@8.23.0
cat >run.py <<'PY'
import peer
def handler(end):
    peer.answer(end)
    end.send(peer.TEXT, "before")
    end.send(peer.TEXT, "")
    end.send(peer.BINARY, b"")
    end.send(peer.TEXT, "after")
    end.close(1000)
    end.recv_until_end(3)
url = "ws://127.0.0.1:%d/" % peer.serve(handler)
for name in ("websocket:w3cwebsocket", "ws"):
    print("%s: %s" % (name, peer.node_client(name, url)))
PY
python3 run.py >seen
check seen "websocket:w3cwebsocket: open, text 'before', binary of 0, text 'after', close 1000 Normal connection closure clean" \
  "ws: open, text 'before', text '', binary of 0, text 'after', close 1000 clean"
