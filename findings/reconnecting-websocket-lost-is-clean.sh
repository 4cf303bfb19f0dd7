#!/usr/bin/env bash
# reconnecting-websocket and partysocket stand in for WebSocket. A connection is refused, or lost with an `error` event, as browsers fire it.
# Expected: `error`, then `close` with 1006, unclean. Seen: `close` with 1000 and wasClean true, and it comes before `error`. partysocket adds a
# reason ("unknown reason") that no one sent. And after maxRetries, reconnect() of reconnecting-websocket does nothing; partysocket's connects.
. "$(dirname "$0")/lib.sh"
npm_install reconnecting-websocket@4.4.0 partysocket@1.3.0 undici@7.29.1 ws@8.23.0
cat >run.mjs <<'JS'
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { WebSocket } from 'undici';
import Reconnecting from 'reconnecting-websocket';
import { WebSocket as Party } from 'partysocket';
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/`;
const classes = { WebSocket, 'reconnecting-websocket': Reconnecting, partysocket: Party };
for (const [name, Class] of Object.entries(classes)) {
  for (const [what, to] of Object.entries({ refused: 'ws://127.0.0.1:1/', lost: url })) {
    const socket = Class === WebSocket ? new WebSocket(to) : new Class(to, [], { WebSocket, minReconnectionDelay: 100, maxRetries: 0 });
    const seen = [];
    socket.addEventListener('error', () => seen.push('error'));
    socket.addEventListener('close', (e) => seen.push(`close ${e.code}${e.reason ? ` ${e.reason}` : ''}${e.wasClean ? ' clean' : ' unclean'}`));
    await wait(500);
    for (const client of server.clients) client._socket.resetAndDestroy();
    await wait(300);
    console.log(`${name}, ${what}: ${seen.join(', ')}`);
    socket.close();
  }
}
for (const Class of [Reconnecting, Party]) {
  let to = 'ws://127.0.0.1:1/';
  const socket = new Class(() => to, [], { WebSocket, minReconnectionDelay: 100, maxRetries: 1 });
  socket.addEventListener('error', () => {});
  await wait(1000);
  to = url;
  socket.reconnect();
  await wait(1000);
  console.log(`${Class === Party ? 'partysocket' : 'reconnecting-websocket'}, reconnect() after maxRetries: readyState ${socket.readyState}`);
  socket.close();
}
process.exit();
JS
timeout 60 node run.mjs >seen
check seen "WebSocket, refused: error, close 1006 unclean" "WebSocket, lost: error, close 1006 unclean" \
  "reconnecting-websocket, refused: close 1000 clean, error" "reconnecting-websocket, lost: close 1000 clean, error" \
  "partysocket, refused: close 1000 unknown reason clean, error" "partysocket, lost: close 1000 unknown reason clean, error" \
  "reconnecting-websocket, reconnect() after maxRetries: readyState 3" "partysocket, reconnect() after maxRetries: readyState 1"
