#!/usr/bin/env bash
# A stream of 50,000 entries is cut to "about 10": XTRIM MAXLEN ~ 10. Then a reader asks whether it has missed something.
# Expected: some 100 entries stay (one node of the tree), and max-deleted-entry-id tells what is gone. Seen: 40,000 stay, as "~" brings a limit of
# 10,000 entries a call; max-deleted-entry-id stays 0-0 (only XDEL moves it); XREAD from a trimmed id goes on after the gap without a word.
# Needs Debian's "apt-get download" (bookworm).
. "$(dirname "$0")/lib.sh"
deb_unpack redis-tools=5:7.0.15-1~deb12u10 libjemalloc2=5.3.0-1 liblzf1=3.6-3 libhiredis0.14=0.14.1-3 liblua5.1-0=5.1.5-9
export LD_LIBRARY_PATH="$WORK/deb/usr/lib/$(uname -m)-linux-gnu"
ln -s redis-check-rdb deb/usr/bin/redis-server  # one binary, which acts by its name; the package redis-server holds this link
cat >run.py <<'PY'
import socket, subprocess, peer
port = peer.free_port()
server = subprocess.Popen(["deb/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                          stdout=subprocess.DEVNULL)
class Redis:
    def __init__(self):
        self.file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")
    def write(self, *args):
        self.file.write(b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in (str(x).encode() for x in args)))
    def read(self):
        self.file.flush()
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:].decode()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        return int(rest) if kind == b":" else rest
    def __call__(self, *args):
        self.write(*args)
        return self.read()
try:
    peer.wait_port(port)
    r = Redis()
    print("Redis %s" % [l for l in r("INFO", "server").split("\r\n") if l.startswith("redis_version")][0].split(":")[1])
    for n in range(1, 50001):
        r.write("XADD", "s", "0-%d" % n, "n", n)
    for n in range(50000):
        r.read()
    print("XTRIM MAXLEN ~ 10 removes %s, leaves %s" % (r("XTRIM", "s", "MAXLEN", "~", 10), r("XLEN", "s")))
    info = r("XINFO", "STREAM", "s")
    print("max-deleted-entry-id %s" % info[info.index("max-deleted-entry-id") + 1])
    print("XREAD after 0-5 continues with %s" % r("XREAD", "COUNT", 1, "STREAMS", "s", "0-5")[0][1][0][0])
    print("XTRIM MAXLEN ~ 10 LIMIT 0 leaves %s" % (r("XTRIM", "s", "MAXLEN", "~", 10, "LIMIT", 0) and r("XLEN", "s")))
    r("XDEL", "s", "0-50000")
    info = r("XINFO", "STREAM", "s")
    print("after XDEL of the last: max-deleted-entry-id %s" % info[info.index("max-deleted-entry-id") + 1])
finally:
    server.terminate()
    server.wait()
PY
python3 run.py >seen
check seen "XTRIM MAXLEN ~ 10 removes 10000, leaves 40000" "XTRIM MAXLEN ~ 10 LIMIT 0 leaves 100" "max-deleted-entry-id 0-0" "XREAD after 0-5 continues with 0-10001" \
  "after XDEL of the last: max-deleted-entry-id 0-50000"
