#!/usr/bin/env bash
# Squid lets WebSockets through if http_upgrade_request_protocols names the protocol; its documentation's example of a name is "WebSocket".
# Expected: that rule lets browsers through (the token is compared in any case, RFC 9110 section 7.8). Seen: Squid compares case-sensitively, browsers
# and libraries write "websocket", so Squid drops Upgrade and the server sees a plain GET. "websocket", or OTHER, lets it pass.
# Needs Debian's "apt-get download" (bookworm).
. "$(dirname "$0")/lib.sh"
deb_unpack squid=5.7-2+deb12u6 squid-common=5.7-2+deb12u6 squid-langpack=20220130-1 libecap3=1.0.1-3.4 libltdl7=2.4.7-7~deb12u1 libnettle8=3.8.1-2 \
  libhogweed6=3.8.1-2 libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2
chmod 755 . && mkdir -m 777 run
cat >run.py <<'PY'
import glob, os, queue, socket, subprocess, peer
seen = queue.Queue()
def origin(end):
    seen.put(end.header("Upgrade"))
    if end.header("Upgrade"):
        peer.answer(end)
    else:
        end.raw(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
    end.recv(2)
back, deb = peer.serve(origin), os.getcwd() + "/deb"
for name in ("WebSocket", "websocket", "OTHER"):
    front = peer.free_port()
    open("squid.conf", "w").write(f"""http_port 127.0.0.1:{front}
http_upgrade_request_protocols {name} allow all
http_access allow all
pid_filename none
cache_log {os.getcwd()}/run/cache.log
access_log none
coredump_dir {os.getcwd()}/run
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
unlinkd_program {deb}/usr/lib/squid/unlinkd
mime_table {deb}/usr/share/squid/mime.conf
icon_directory {deb}/usr/share/squid/icons
error_directory {deb}/usr/share/squid-langpack/en
""")
    server = subprocess.Popen([deb + "/usr/sbin/squid", "-N", "-f", "squid.conf"], stdout=open("squid.log", "w"), stderr=subprocess.STDOUT,
                              env=dict(os.environ, LD_LIBRARY_PATH=glob.glob(deb + "/usr/lib/*-linux-gnu")[0]))
    try:
        peer.wait_port(front)
        end = peer.End(socket.create_connection(("127.0.0.1", front)), True)
        end.raw(b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" % (back, back))
        end.read_head()
        print("allow %s: the server sees Upgrade: %s, the client %d" % (name, seen.get(timeout=5), end.status))
        end.end()
    finally:
        server.terminate()
        server.wait()
PY
timeout 60 python3 run.py >seen || { cat squid.log run/cache.log; exit 2; }
check seen "allow WebSocket: the server sees Upgrade: None, the client 426" "allow websocket: the server sees Upgrade: websocket, the client 101" \
  "allow OTHER: the server sees Upgrade: websocket, the client 101"
