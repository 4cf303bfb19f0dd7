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

/** RFC 6455 §5.5.1: a Close frame with this code. */
const closeFrame = (code) => Buffer.of(0x88, 2, code >> 8, code & 0xff);

/** The code of a client's Close frame, which is masked (§5.3), 1005 if it has none; nothing for any other frame. */
function codeOf([first, length, ...bytes]) {
  if (first !== 0x88) return undefined;
  return length === 0x80 ? 1005 : ((bytes[0] ^ bytes[4]) << 8) | (bytes[1] ^ bytes[5]);
}

/** Closes with this code, and tells the code of the answer, or nothing if the connection ended before. */
function closing(code, socket, head, answered) {
  socket.write(Buffer.concat([accepted(head), closeFrame(code)]));
  socket.removeAllListeners('data');
  socket.once('data', (bytes) => answered(codeOf(bytes)));
  socket.once('close', () => answered());
}

const ANSWERS = {
  '/close': (socket, head, answered) => closing(1000, socket, head, answered),
  '/close-4001': (socket, head, answered) => closing(4001, socket, head, answered),
  '/drop': (socket, head) => socket.end(accepted(head)),
  '/message-drop': (socket, head) => socket.end(Buffer.concat([accepted(head), text('one'), text('two')])),
  '/404': (socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  '/hang': () => {},
};

/** Listens on loopback. `answer` is the code with which its first Close frame was answered. @returns {Promise<{origin: string, answer: Promise<number | undefined>, stop(): void}>} */
export async function startDropping() {
  const sockets = new Set();
  let answered;
  const answer = new Promise((resolve) => (answered = resolve));
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let head = '';
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      ANSWERS[head.split(' ')[1]]?.(socket, head, answered);
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
