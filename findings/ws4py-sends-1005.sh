#!/usr/bin/env bash
# ws4py as a client. The server closes without a code, or with 1012 (service restart).
# Expected: a Close without a code, or with 1012, comes back. Seen: ws4py answers both with 1005, which RFC 6455 section 7.4.1 forbids on the wire.
# A server that checks it, made with websockets, takes its own clean close for a protocol error of the client.
. "$(dirname "$0")/lib.sh"
pip_install ws4py==0.6.0 websockets==17.4
cat >run.py <<'PY'
import queue, threading, time, peer
from websockets.sync.server import serve
from ws4py.client.threadedclient import WebSocketClient
answers = queue.Queue()
def closing(code):
    def handler(end):
        peer.answer(end)
        time.sleep(0.5)
        end.close(code)
        answers.put(str(end.recv(5)))
    return handler
def connect(port):
    client = WebSocketClient("ws://127.0.0.1:%d/" % port)
    client.connect()
    client._th.join(10)
for name, code in (("Close without a code", None), ("Close 1012", 1012)):
    connect(peer.serve(closing(code)))
    print("%s: it answers %s" % (name, answers.get(timeout=10)))
ends = []
def strict(w):
    time.sleep(0.5)
    w.close(1012)
    ends.append("sent %d, got %s" % (w.protocol.close_sent.code, w.protocol.close_rcvd or type(w.protocol.parser_exc).__name__))
with serve(strict, "127.0.0.1", 0) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connect(server.socket.getsockname()[1])
    time.sleep(0.5)
    server.shutdown()
print("websockets: %s" % ends)
PY
timeout 60 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "Close without a code: it answers close 1005" "Close 1012: it answers close 1005 Invalid Closing Frame Code: 1012" \
  "websockets: ['sent 1012, got ProtocolError']"
