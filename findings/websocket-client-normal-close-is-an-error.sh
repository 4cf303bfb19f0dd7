#!/usr/bin/env bash
# The server closes with 1000, then with 4001. Client: WebSocketApp of Python's websocket-client.
# Expected: on_close alone, and the peer's code in the answer. Seen: on_error gets a "Connection closed normally (code 1000)"
# exception first, although run_forever() returns False ("no error"); each Close is answered with 1000 whatever the peer's code was.
. "$(dirname "$0")/lib.sh"
pip_install websocket-client==1.9.2
cat >run.py <<'PY'
import queue, peer, websocket
server = queue.Queue()
def handler(end):
    peer.answer(end)
    end.close(int(end.head.split()[1][1:]), "bye")
    server.put(end.recv(3))
    end.recv_until_end(1)
port = peer.serve(handler)
for code in (1000, 4001):
    events = []
    app = websocket.WebSocketApp("ws://127.0.0.1:%d/%d" % (port, code),
        on_error=lambda w, e: events.append("on_error %s: %s" % (type(e).__name__, e)),
        on_close=lambda w, c, r: events.append("on_close %s %s" % (c, r)))
    result = app.run_forever()
    print("%d: %s; run_forever() %s; the server got %s" % (code, ", ".join(events), result, server.get(timeout=5)))
PY
timeout 30 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "1000: on_error WebSocketConnectionClosedException: Connection closed normally (code 1000): bye, on_close 1000 bye; run_forever() False; the server got close 1000" \
  "4001: on_error WebSocketConnectionClosedException: Connection closed (code 4001): bye, on_close 4001 bye; run_forever() False; the server got close 1000"
