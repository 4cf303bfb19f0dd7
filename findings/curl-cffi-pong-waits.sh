#!/usr/bin/env bash
# A client that only listens, made with curl_cffi (libcurl), and a server that pings, made with websockets.
# Expected: libcurl answers the pings while recv() waits. Seen: no pong leaves until the next data frame arrives;
# a quiet connection is closed by the server with 1011 "keepalive ping timeout". A client of websocket-client lives on.
. "$(dirname "$0")/lib.sh"
pip_install curl_cffi==0.17.0 websockets==17.4 websocket-client==1.9.2
cat >run.py <<'PY'
import threading, peer
from websockets.sync.server import serve
from curl_cffi import Session
import curl_cffi, websocket
print(curl_cffi.__curl_version__.split()[0])

def quiet(w):
    try:
        w.recv(timeout=7)
    except TimeoutError:
        w.send("still here after 7 s")
        w.close()
    except Exception:
        pass

server = serve(quiet, "127.0.0.1", 0, ping_interval=1, ping_timeout=2)
port = server.socket.getsockname()[1]
threading.Thread(target=server.serve_forever, daemon=True).start()

def with_curl(url):
    w = Session().ws_connect(url)
    data, flags = w.recv()
    return data.decode(errors="replace") if not flags & 8 else "close %d %s" % (int.from_bytes(data[:2], "big"), data[2:].decode())

def with_websocket_client(url):
    w = websocket.create_connection(url)
    op, data = w.recv_data()
    return data.decode() if op != 8 else "close %d" % int.from_bytes(data[:2], "big")

print("websocket-client: " + with_websocket_client("ws://127.0.0.1:%d/" % port))
print("curl_cffi: " + with_curl("ws://127.0.0.1:%d/" % port))

def by_hand(end):
    peer.answer(end)
    end.send(peer.PING, b"1")
    print("bare server: after a ping: %s" % end.recv(2))
    end.send(peer.PING, b"2")
    print("bare server: after a second ping: %s" % end.recv(2))
    end.send(peer.TEXT, b"data")
    print("bare server: after a data frame: %s" % end.recv(2))
    end.close(1000)
    end.recv(1)

w = Session().ws_connect("ws://127.0.0.1:%d/" % peer.serve(by_hand))
while not w.recv()[1] & 8:
    pass
PY
timeout 60 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "websocket-client: still here after 7 s" "curl_cffi: close 1011 keepalive ping timeout" "bare server: after a ping: nothing" \
  "bare server: after a second ping: nothing" "bare server: after a data frame: pong b'2'"
