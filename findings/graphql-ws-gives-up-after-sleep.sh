#!/usr/bin/env bash
# A laptop sleeps for some seconds (here: the client is stopped) while it has a subscription by graphql-ws. The server, made with websockets, pings.
# Expected: the client reconnects when it wakes, as after any loss. Seen: what waits for it is the server's Close with 1011 ("keepalive ping timeout"),
# and graphql-ws takes 1011 for fatal: the subscription ends with an error, although retryAttempts is Infinity. After a cut it reconnects.
. "$(dirname "$0")/lib.sh"
npm_install graphql-ws@6.4.2 graphql@16.15.0 ws@8.23.0
pip_install websockets==17.4
cat >client.mjs <<'JS'
import WebSocket from 'ws';
import { createClient } from 'graphql-ws';
const client = createClient({ url: process.argv[2], webSocketImpl: WebSocket, retryAttempts: Infinity });
const say = (text) => process.stdout.write(`${text}\n`);
client.subscribe({ query: 'subscription { x }' }, {
  next: () => say('subscribed'),
  error: (e) => { say(`gave up: ${e.code} ${e.reason}`); process.exit(); },
  complete: () => say('complete'),
});
JS
cat >run.py <<'PY'
import json, signal, subprocess, threading, time
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve
cut = None
def graphql(w):
    try:
        for m in map(json.loads, w):
            if m["type"] == "connection_init":
                w.send('{"type":"connection_ack"}')
            elif m["type"] == "subscribe":
                w.send(json.dumps({"id": m["id"], "type": "next", "payload": {"data": {"x": 1}}}))
                if cut.is_set():
                    cut.clear()
                    w.socket.shutdown(2)
    except ConnectionClosed:
        pass
server = serve(graphql, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"], ping_interval=1, ping_timeout=1)
threading.Thread(target=server.serve_forever, daemon=True).start()
for name in ("a cut", "sleep"):
    cut = threading.Event()
    if name == "a cut":
        cut.set()
    client = subprocess.Popen(["node", "client.mjs", "ws://127.0.0.1:%d/" % server.socket.getsockname()[1]], stdout=subprocess.PIPE, text=True)
    lines = [client.stdout.readline().strip()]
    if name == "sleep":
        client.send_signal(signal.SIGSTOP)
        time.sleep(4)
        client.send_signal(signal.SIGCONT)
    lines.append(client.stdout.readline().strip())
    print("%s: %s" % (name, ", ".join(lines)))
    client.kill()
    client.wait()
PY
timeout 60 "$PY" run.py >seen 2>err || { cat err; exit 2; }
check seen "a cut: subscribed, subscribed" "sleep: subscribed, gave up: 1011 keepalive ping timeout"
