#!/usr/bin/env bash
# The user calls close(); the server still sends two messages and a ping before it answers the Close.
# Expected (WHATWG WebSockets, "when a WebSocket message has been received": only while OPEN): no message event after close().
# Seen: npm ws fires message events at readyState 2, and does not answer the ping; undici and npm websocket drop the messages.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 undici@7.29.1 websocket@1.0.35
cat >run.py <<'PY'
import queue, peer
server = queue.Queue()
def handler(end):
    peer.answer(end)
    end.send(peer.TEXT, "closeme")
    close = end.recv(3)
    end.send(peer.TEXT, "late")
    end.send(peer.PING, b"late")
    end.send(peer.TEXT, "later")
    end.send(peer.CLOSE, close.data)
    server.put("pong" if any(getattr(f, "op", 0) == peer.PONG for f in end.recv_until_end(2)) else "no pong")
url = "ws://127.0.0.1:%d/" % peer.serve(handler)
for name in ("ws", "undici", "websocket:w3cwebsocket"):
    print("%s: %s; %s" % (name, peer.node_client(name, url), server.get(timeout=5)))
PY
python3 run.py >seen
check seen "ws: open, text 'closeme', text 'late' at readyState 2, text 'later' at readyState 2, close 4001 x clean; no pong" \
  "undici: open, text 'closeme', close 4001 x clean; pong"
grep -q "^websocket:w3cwebsocket: open, text 'closeme', close 4001 x unclean" seen
