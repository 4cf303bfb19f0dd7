#!/usr/bin/env bash
# Socket.IO with connectionStateRecovery: a connection is lost for half a second, in which the server emits an event to all.
# Expected: the session is recovered and the event is delivered late. Seen: only if the client has received an event before, since recovery goes by
# the offset of the last one. A client that has received nothing yet, or only an event with an acknowledgement, is not recovered, and the event is lost.
. "$(dirname "$0")/lib.sh"
npm_install socket.io@4.8.4 socket.io-client@4.8.4
cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
const http = createServer();
const io = new Server(http, { connectionStateRecovery: {} });
http.listen(0, '127.0.0.1');
await once(http, 'listening');
const { port } = http.address();
const cases = {
  'nothing before': () => {},
  'an event': () => io.emit('price', 1),
  'an event with an acknowledgement': () => io.timeout(1000).emit('price', 1, () => {}),
};
for (const [name, before] of Object.entries(cases)) {
  const joined = once(io, 'connection');
  const client = connect(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, reconnectionDelay: 500, randomizationFactor: 0 });
  const got = [];
  client.on('missed', () => got.push('missed'));
  client.on('price', (...args) => typeof args.at(-1) === 'function' && args.at(-1)());
  const [socket] = await joined;
  if (!client.connected) await once(client, 'connect');
  before();
  await new Promise((done) => setTimeout(done, 200));
  const left = once(socket, 'disconnect');
  client.io.engine.close();
  await left;
  io.emit('missed', 'x');
  await once(client, 'connect');
  await new Promise((done) => setTimeout(done, 200));
  console.log(`${name}: ${client.recovered ? 'recovered' : 'not recovered'}, the event was ${got.length ? 'delivered' : 'lost'}`);
  client.close();
}
io.close();
JS
timeout 60 node run.mjs >seen
check seen "nothing before: not recovered, the event was lost" "an event: recovered, the event was delivered" \
  "an event with an acknowledgement: not recovered, the event was lost"
