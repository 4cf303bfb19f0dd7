// A peer made of bytes that drops its connections: what comes after its response, and whether it ends, is said by the path.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

const accepted = (head) => {
  const [, key] = head.match(/^sec-websocket-key: *(\S+)/im);
  // RFC 6455 §4.2.2
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
};
/** RFC 6455 §5.2: a whole text message. */
const text = (words) => Buffer.concat([Buffer.of(0x81, words.length), Buffer.from(words)]);

/** RFC 6455 §5.5.1: a Close frame with the code 1000. */
const CLOSE = Buffer.of(0x88, 2, 0x03, 0xe8);

/** What `/close` was sent after its Close frame: the first byte, or nothing if the connection ended before. */
let answered;
const answer = new Promise((resolve) => (answered = resolve));

const ANSWERS = {
  '/close': (socket, head) => {
    socket.write(Buffer.concat([accepted(head), CLOSE]));
    socket.removeAllListeners('data');
    socket.once('data', ([first]) => answered(first));
    socket.once('close', () => answered());
  },
  '/drop': (socket, head) => socket.end(accepted(head)),
  '/message-drop': (socket, head) => socket.end(Buffer.concat([accepted(head), text('one'), text('two')])),
  '/404': (socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  '/hang': () => {},
};

/** Listens on loopback. @returns {Promise<{origin: string, answer: Promise<number | undefined>, stop(): void}>} */
export async function startDropping() {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let head = '';
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      ANSWERS[head.split(' ')[1]]?.(socket, head);
      head = '';
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { origin: `ws://127.0.0.1:${server.address().port}`, answer, stop };
}
