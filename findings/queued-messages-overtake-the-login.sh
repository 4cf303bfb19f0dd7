#!/usr/bin/env bash
# Reconnecting clients queue what is sent while there is no connection. An application sends its login in the handler of `open` (`connect`), which
# runs for each new connection, and messages whenever it likes.
# Expected: the login is the first message of each connection. Seen: reconnecting-websocket, partysocket, sarus, rxjs and socket.io-client flush the
# queue before they call the handler, so a server that wants the login first refuses the connection. Only websocket-ts does it the other way round.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 reconnecting-websocket@4.4.0 partysocket@1.3.0 @anephenix/sarus@0.7.12 rxjs@7.8.2 websocket-ts@2.3.0 socket.io@4.8.4 socket.io-client@4.8.4
cat >run.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';
import Reconnecting from 'reconnecting-websocket';
import { WebSocket as Party } from 'partysocket';
import sarus from '@anephenix/sarus';
import rxjs from 'rxjs/webSocket';
import { ArrayQueue, ConstantBackoff, WebsocketBuilder } from 'websocket-ts';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
globalThis.WebSocket ??= WebSocket;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
let seen;
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => {
  seen.push('connection:');
  socket.on('message', (data) => seen.push(String(data)));
});
const http = createServer().listen(0, '127.0.0.1');
new Server(http).on('connection', (socket) => {
  seen.push('connection:');
  socket.onAny((name) => seen.push(name));
});
await once(http, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/`;
const like = (socket) => {
  socket.addEventListener('open', () => socket.send('login'));
  return { send: (text) => socket.send(text), close: () => socket.close() };
};
const clients = {
  'reconnecting-websocket': () => like(new Reconnecting(url, [], { WebSocket, minReconnectionDelay: 100 })),
  partysocket: () => like(new Party(url, [], { WebSocket, minReconnectionDelay: 100 })),
  sarus: () => {
    const open = [() => socket.send('login')];
    const socket = new (sarus.default ?? sarus)({ url, eventListeners: { open, message: [], close: [], error: [] }, retryConnectionDelay: 100 });
    return { send: (text) => socket.send(text), close: () => socket.disconnect() };
  },
  rxjs: () => {
    const open = { next: () => socket.next('login') };
    const socket = rxjs.webSocket({ url, serializer: String, deserializer: (e) => e.data, openObserver: open, WebSocketCtor: WebSocket });
    socket.subscribe({ error() {} });
    return { send: (text) => socket.next(text), close: () => socket.complete(), once: true };
  },
  'websocket-ts': () =>
    new WebsocketBuilder(url).withBuffer(new ArrayQueue()).withBackoff(new ConstantBackoff(100)).onOpen((s) => s.send('login')).build(),
  'socket.io-client': () => {
    const socket = io(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'], reconnectionDelay: 100 });
    socket.on('connect', () => socket.emit('login'));
    return { send: (text) => socket.emit(text), cut: () => socket.io.engine.close(), close: () => socket.close() };
  },
};
for (const [name, make] of Object.entries(clients)) {
  seen = [];
  const client = make();
  client.send('first');
  await wait(1000);
  if (!client.once) {
    (client.cut ?? (() => { for (const socket of server.clients) socket.terminate(); }))();
    await wait(50);
    client.send('second');
    await wait(1500);
  }
  console.log(`${name}: ${seen.join(' ')}`);
  client.close();
  await wait(100);
}
process.exit();
JS
timeout 90 node run.mjs >seen
check seen "reconnecting-websocket: connection: first login connection: second login" "partysocket: connection: first login connection: second login" \
  "sarus: connection: first login connection: second login" "rxjs: connection: first login" \
  "socket.io-client: connection: first login connection: second login" "websocket-ts: connection: login first connection: login second"
