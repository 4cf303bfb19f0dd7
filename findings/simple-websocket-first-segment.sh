#!/usr/bin/env bash
# A server that greets, says why and closes in the same TCP segment as its 101 (an overloaded or refusing server does so).
# Expected: the client reads the message and the close code. Seen: simple-websocket loses both and reports 1005; half a second later it has both.
# Besides: its client never answers a Close frame, and its Host header lacks the port.
. "$(dirname "$0")/lib.sh"
pip_install simple-websocket==1.1.0 wsproto==1.3.2 websocket-client==1.9.2
cat >run.py <<'PY'
import queue, time, peer, simple_websocket, websocket
server = queue.Queue()
def handler(end):
    both = end.frame(peer.TEXT, "busy, try node 2") + end.frame(peer.CLOSE, peer.close_body(4001, "busy"))
    if "together" in end.head:
        peer.answer(end, first=both)
    else:
        peer.answer(end)
        time.sleep(0.5)
        end.raw(both)
    port = end.sock.getsockname()[1]
    server.put("Host %s the port; the Close frame is answered with: %s" % ("has" if end.header("Host").endswith(":%d" % port) else "lacks", end.recv(2)))
port = peer.serve(handler)
for path in ("together", "later"):
    w = simple_websocket.Client.connect("ws://127.0.0.1:%d/%s" % (port, path))
    got = []
    try:
        while True:
            got.append(w.receive(timeout=3))
    except simple_websocket.ConnectionClosed as e:
        print("simple-websocket, %s: %s, then %s %s" % (path, got, e.reason, e.message))
    print("simple-websocket, %s: %s" % (path, server.get(timeout=5)))
w = websocket.create_connection("ws://127.0.0.1:%d/together" % port)
print("websocket-client, together: %s, then %s" % (w.recv(), w.recv_data()[1][2:].decode()))
print("websocket-client, together: %s" % server.get(timeout=5))
PY
"$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "simple-websocket, together: [], then 1005 None" "simple-websocket, later: ['busy, try node 2'], then 4001 busy" \
  "simple-websocket, later: Host lacks the port; the Close frame is answered with: FIN" \
  "websocket-client, together: busy, try node 2, then busy" "websocket-client, together: Host has the port; the Close frame is answered with: close 1000"
