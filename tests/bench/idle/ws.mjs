// npm `ws` as an echo server, as its own example has one. A line of standard input collects the garbage, so that only what is kept is
// counted.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { WebSocketServer } = createRequire(new URL('../../peers/package.json', import.meta.url))('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
await once(server, 'listening');
console.log(server.address().port);
for await (const _ of createInterface({ input: process.stdin })) {
  globalThis.gc();
  globalThis.gc();
  console.log('collected');
}
process.exit();
