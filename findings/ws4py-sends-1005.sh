#!/usr/bin/env bash
# ws4py as a client. The server closes without a code, or with 1012 (service restart); or it pings between the two fragments of a text.
# Expected: Close without a code or 1012 comes back, and the text arrives. Seen: ws4py answers with 1005, which RFC 6455 section 7.4.1 forbids on the
# wire, so a strict server sees a protocol error at each such end; and with the ping it loses this text and the next: no pong, no message, no error.
. "$(dirname "$0")/lib.sh"
pip_install ws4py==0.6.0
cat >run.py <<'PY'
import peer
from ws4py.client.threadedclient import WebSocketClient
answers = []
def closing(code):
    def handler(end):
        peer.answer(end)
        end.close(code)
        answers.append(str(end.recv(5)))
    return handler
def pinging(end):
    peer.answer(end)
    end.send(peer.TEXT, "a", fin=False)
    end.send(peer.PING, "p")
    end.send(peer.CONT, "b")
    answers.append(str(end.recv(2)))
    end.send(peer.TEXT, "after")
    end.close(1000)
    end.recv(5)
class Client(WebSocketClient):
    def received_message(self, message):
        got.append(message.data.decode())
for name, handler in {"Close without a code": closing(None), "Close 1012": closing(1012), "ping between fragments": pinging}.items():
    got = []
    answers.clear()
    client = Client("ws://127.0.0.1:%d/" % peer.serve(handler))
    client.connect()
    client._th.join(10)
    print("%s: it answers %s%s" % (name, answers[0], "; messages: %s" % got if handler is pinging else ""))
PY
timeout 60 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "Close without a code: it answers close 1005" "Close 1012: it answers close 1005 Invalid Closing Frame Code: 1012" \
  "ping between fragments: it answers nothing; messages: []"
