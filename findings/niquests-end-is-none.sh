#!/usr/bin/env bash
# niquests as a WebSocket client: next_payload() when the server closes with 1000 or 4001 "full", or when the connection is lost.
# Expected: the code and the reason, or an exception for the loss. Seen: None for each, so a refusal, an end and a loss look the same; the code is kept
# nowhere. Nor does it answer the Close: it ends TCP, and the server reports 1006 for its own clean close.
. "$(dirname "$0")/lib.sh"
pip_install niquests==3.21.2 wsproto==1.3.2 websockets==17.4
cat >run.py <<'PY'
import threading, niquests
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve
saw = []
def server(code):
    def handler(w):
        w.send("hello")
        if code:
            w.close(code, "full" if code == 4001 else "")
            saw.append(w.protocol.close_code)
        else:
            w.socket.shutdown(2)
    return handler
for name, code in (("closed with 1000", 1000), ("closed with 4001", 4001), ("lost", None)):
    saw.clear()
    with serve(server(code), "127.0.0.1", 0) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        with niquests.Session() as session:
            socket = session.get("ws://127.0.0.1:%d/" % s.socket.getsockname()[1]).extension
            got = [socket.next_payload() for _ in range(2)]
        s.shutdown()
    print("%s: next_payload() gives %s%s" % (name, got, "; the server reports %d" % saw[0] if saw else ""))
PY
timeout 60 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "closed with 1000: next_payload() gives ['hello', None]; the server reports 1006" \
  "closed with 4001: next_payload() gives ['hello', None]; the server reports 1006" "lost: next_payload() gives ['hello', None]"
