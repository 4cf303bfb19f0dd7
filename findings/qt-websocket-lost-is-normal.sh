#!/usr/bin/env bash
# QWebSocket (Qt 6, here through PyQt6) as a client: closeCode() in the handler of disconnected().
# Expected: 1006 after a loss; the peer's code after a Close. Seen: 1000 after a loss and after a refused handshake, as after a good end. And a Close
# with 1012 (service restart) is a protocol error for Qt: it answers 1002, reports 1002, and its reason names the wrong code.
. "$(dirname "$0")/lib.sh"
pip_install PyQt6==6.11.0 PyQt6-Qt6==6.11.2
cat >run.py <<'PY'
import time, peer
from PyQt6.QtCore import QCoreApplication, QUrl
from PyQt6.QtWebSockets import QWebSocket
app = QCoreApplication([])
answers = []
def lost(end):
    peer.answer(end)
    end.send(peer.TEXT, "hello")
def refused(end):
    end.raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
def closed(code):
    def handler(end):
        peer.answer(end)
        end.close(code)
        answers.append(str(end.recv(5)))
    return handler
for name, handler in {"lost": lost, "refused": refused, "Close 1000": closed(1000), "Close 4001": closed(4001), "Close 1012": closed(1012)}.items():
    socket, seen = QWebSocket(), []
    answers.clear()
    socket.disconnected.connect(lambda: seen.append(("%d %s" % (int(getattr(socket.closeCode(), "value", socket.closeCode())), socket.closeReason())).strip()))
    socket.open(QUrl("ws://127.0.0.1:%d/" % peer.serve(handler)))
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        app.processEvents()
        time.sleep(0.01)
    time.sleep(0.2)
    app.processEvents()
    print("%s: closeCode %s%s" % (name, seen[0] if seen else "none", "; it answered %s" % answers[0] if answers else ""))
PY
"$PY" run.py >seen
check seen "lost: closeCode 1000" "refused: closeCode 1000" "Close 4001: closeCode 4001; it answered close 4001" \
  "Close 1012: closeCode 1002 Invalid close code 1002 detected.; it answered close 1002 Invalid close code 1002 detected."
