#!/usr/bin/env bash
# A message is appended to a Redis stream (XADD) and WAIT 1 asks whether a replica has it; the replica has been stopped before. A pool of connections,
# as every client has one, may send the two commands on two connections.
# Expected: WAIT answers 0, on any connection: no replica has the message. Seen: 0 on the connection of the XADD, but at once 1 on another one, which
# has written nothing: there WAIT counts the replicas. Only Redis' documentation of WAIT hints at it ("the current connection").
# Needs Debian's "apt-get download" (bookworm).
. "$(dirname "$0")/lib.sh"
deb_unpack redis-tools=5:7.0.15-1~deb12u10 libjemalloc2=5.3.0-1 liblzf1=3.6-3 libhiredis0.14=0.14.1-3 liblua5.1-0=5.1.5-9
export LD_LIBRARY_PATH="$WORK/deb/usr/lib/$(uname -m)-linux-gnu"
ln -s redis-check-rdb deb/usr/bin/redis-server  # one binary, which acts by its name
cat >run.py <<'PY'
import os, signal, socket, subprocess, time, peer
class Redis:
    def __init__(self, port):
        self.file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")
    def __call__(self, *args):
        self.file.write(b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in (str(x).encode() for x in args)))
        self.file.flush()
        line = self.file.readline()[:-2].decode()
        return self.file.read(int(line[1:]) + 2)[:-2].decode() if line[0] == "$" else line[1:]
def start(*args):
    port = peer.free_port()
    os.mkdir("store-%d" % port)
    server = subprocess.Popen(["deb/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "store-%d" % port, *args],
                              stdout=subprocess.DEVNULL)
    peer.wait_port(port)
    return server, port
main, port = start("--repl-diskless-sync-delay", "0")
replica, replica_port = start("--replicaof", "127.0.0.1", str(port))
try:
    writer, other = Redis(port), Redis(port)
    writer("XADD", "s", "*", "n", 0)
    deadline = time.monotonic() + 20
    while writer("WAIT", 1, 500) != "1" and time.monotonic() < deadline:
        pass
    print("replica at work, WAIT 1 on the connection of the XADD: %s" % writer("WAIT", 1, 500))
    replica.send_signal(signal.SIGSTOP)
    writer("XADD", "s", "*", "n", 1)
    print("replica stopped, WAIT 1 on another connection: %s" % other("WAIT", 1, 500))
    print("replica stopped, WAIT 1 on the connection of the XADD: %s" % writer("WAIT", 1, 500))
finally:
    replica.send_signal(signal.SIGCONT)
    for server in (replica, main):
        server.terminate()
        server.wait()
PY
timeout 60 python3 run.py >seen
check seen "replica at work, WAIT 1 on the connection of the XADD: 1" "replica stopped, WAIT 1 on another connection: 1" \
  "replica stopped, WAIT 1 on the connection of the XADD: 0"
