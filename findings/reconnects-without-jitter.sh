#!/usr/bin/env bash
# Twenty clients of one library, with its default options, are connected when the server restarts; they reconnect by themselves.
# Expected: their attempts are spread (jitter), so that they do not all come back at once. Seen: with SignalR and Phoenix all come at once within
# 0.1 s of the loss, with mqtt and rpc-websockets after exactly 1 s, with stompjs after exactly 5 s. socket.io-client alone spreads them.
. "$(dirname "$0")/lib.sh"
npm_install ws@8.23.0 mqtt@5.16.0 @stomp/stompjs@7.5.0 phoenix@1.8.16 @microsoft/signalr@10.0.11 rpc-websockets@10.0.1 socket.io@4.8.4 socket.io-client@4.8.4
cat >run.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';
import mqtt from 'mqtt';
import { Client as Stomp } from '@stomp/stompjs';
import { Socket as Phoenix } from 'phoenix';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Client as Rpc } from 'rpc-websockets';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
globalThis.WebSocket ??= WebSocket;
const CLIENTS = 20;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const arrivals = [];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (offered) => [...offered][0] });
server.on('connection', (socket) => {
  arrivals.push(Date.now());
  socket.once('message', (data) => {
    const text = String(data);
    if (text.startsWith('CONNECT')) socket.send('CONNECTED\nversion:1.2\n\n\0');
    else if (text.includes('"protocol"')) socket.send('{}\x1e');
    else if (data[0] >> 4 === 1) socket.send(Buffer.from([0x20, 2, 0, 0]));
  });
});
const http = createServer().listen(0, '127.0.0.1');
new Server(http).on('connection', () => arrivals.push(Date.now()));
await once(http, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/`;
const clients = {
  'mqtt': () => { mqtt.connect(url).on('error', () => {}); },
  '@stomp/stompjs': () => { new Stomp({ brokerURL: url, webSocketFactory: () => new WebSocket(url, ['v12.stomp']) }).activate(); },
  'phoenix': () => { new Phoenix(url, { transport: WebSocket }).connect(); },
  '@microsoft/signalr': () => { new HubConnectionBuilder().withUrl(url.replace('ws', 'http'), { skipNegotiation: true, transport: HttpTransportType.WebSockets, WebSocket }).configureLogging(LogLevel.None).withAutomaticReconnect().build().start().catch((e) => console.log(e)); },
  'rpc-websockets': () => { new Rpc(url).on('error', () => {}); },
  'socket.io-client': () => { const s = io(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'], forceNew: true }); cut.push(() => s.io.engine.close()); },
};
let cut = [];
const which = process.argv[2];
for (const [name, make] of Object.entries(clients)) {
  if (which && name !== which) continue;
  cut = []; arrivals.length = 0;
  for (let n = 0; n < CLIENTS; n += 1) make();
  await wait(1500);
  arrivals.length = 0;
  const start = Date.now();
  for (const s of server.clients) s.terminate();
  for (const c of cut) c();
  while (arrivals.length < CLIENTS && Date.now() - start < 9000) await wait(20);
  const t = arrivals.map((a) => a - start);
  const spread = Math.max(...t) - Math.min(...t);
  console.log(`${name}: ${t.length} back, the first after ${Math.floor(Math.min(...t) / 500) / 2} s, ${spread < 300 ? "together" : "spread"}`);
}
process.exit();
JS
for name in @microsoft/signalr phoenix mqtt rpc-websockets @stomp/stompjs socket.io-client; do timeout 40 node run.mjs "$name"; done >seen
check seen "@microsoft/signalr: 20 back, the first after 0 s, together" "phoenix: 20 back, the first after 0 s, together" \
  "mqtt: 20 back, the first after 1 s, together" "rpc-websockets: 20 back, the first after 1 s, together" \
  "@stomp/stompjs: 20 back, the first after 5 s, together" "socket.io-client: 20 back, the first after 0.5 s, spread"
