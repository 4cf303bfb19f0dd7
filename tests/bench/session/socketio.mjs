// socket.io's own server: WebSocket alone, with its default parser and with the one for MessagePack. Prints the two ports in a line.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { make, sum, sumOf } from './message.js';

const require = createRequire(new URL('../../peers/package.json', import.meta.url));
const { Server } = require('socket.io');

/** Its MessagePack parser knows a Buffer as bytes. */
const plain = (message) => (message instanceof Uint8Array ? Buffer.from(message.buffer) : message);

const ports = [];
for (const parser of [undefined, require('socket.io-msgpack-parser')]) {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], parser, maxHttpBufferSize: 1e8, cors: { origin: '*' } });
  io.on('connection', (socket) => {
    const { codec, kind, count: words } = socket.handshake.query;
    const count = Number(words);
    const expected = kind === 'send' ? sumOf(codec, count) : 0;
    let received = 0;
    let total = 0;
    socket.on('m', (message) => {
      if (kind === 'receive') for (let number = 0; number < count; number++) socket.emit('m', plain(make[codec](number)));
      else if (kind === 'echo') socket.emit('m', message);
      else {
        total = (total + sum[codec](message)) >>> 0;
        if (++received === count && total === expected) socket.emit('m', message);
      }
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  ports.push(http.address().port);
}
console.log(ports.join(' '));
