#!/usr/bin/env bash
# A call by rpc-websockets is under way when the connection is lost. The client reconnects by itself, as is its default.
# Expected: the call's promise rejects, or the call is sent again. Seen: neither. `close` and then `open` are emitted, later calls succeed, and the
# promise stays pending for ever.
. "$(dirname "$0")/lib.sh"
npm_install rpc-websockets@10.0.1 ws@8.23.0
cat >run.mjs <<'JS'
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { Client } from 'rpc-websockets';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
let calls = 0;
server.on('connection', (socket) => socket.on('message', (data) => {
  calls += 1;
  if (calls === 1) socket.terminate();
  else socket.send(JSON.stringify({ jsonrpc: '2.0', result: 'done', id: JSON.parse(data).id }));
}));
await once(server, 'listening');
const client = new Client(`ws://127.0.0.1:${server.address().port}/`, { reconnect_interval: 200 });
await new Promise((open) => client.once('open', open));
client.on('close', (code) => console.log(`close ${code}`));
let first = 'pending';
client.call('pay').then(() => (first = 'resolved'), () => (first = 'rejected'));
await new Promise((open) => client.once('open', open));
console.log(`open again; the next call: ${await client.call('pay')}`);
await new Promise((done) => setTimeout(done, 5000));
console.log(`5 s later the first call is ${first}; the server got ${calls} calls`);
process.exit();
JS
timeout 30 node run.mjs >seen
check seen "close 1006" "open again; the next call: done" "5 s later the first call is pending; the server got 2 calls"
