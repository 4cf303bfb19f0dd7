// npm `ws` as the peer: `ws.mjs server [COMPRESSION AS JSON]` for our client, `ws.mjs client ORIGIN [ROOT]` for our server.
// What is checked is what tests/interop/src/checks.rs has.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { WebSocket, WebSocketServer } = createRequire(new URL('../../peers/package.json', import.meta.url))('ws');

const TEXTS = ['', 'Hello, WebSocket', 'Grüße, 世界 🌍'];
const REASON = 'bye ☂';
const LARGE = 1 << 20;
/** As `LIMIT` in checks.rs. */
const LIMIT_MS = 30_000;

const bytes = (length) => Buffer.from(Array.from({ length }, (_, index) => (index * 7 + Math.floor(index / 251)) & 255));
const largeText = () => {
  const lines = [];
  for (let line = 0, length = 0; length < LARGE; line += 1) {
    lines.push(`{"line":${line},"of":"Grüße, 世界"}\n`);
    length += Buffer.byteLength(lines.at(-1));
  }
  return lines.join('');
};

// --- server ---

async function serve(perMessageDeflate = 'true') {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: JSON.parse(perMessageDeflate),
    handleProtocols: (offered, request) => [query(request).get('protocol')].find((wanted) => offered.has(wanted)) ?? false,
  });
  server.on('connection', (socket, request) => answer(socket, request));
  await once(server, 'listening');
  console.log(`ws://127.0.0.1:${server.address().port}`);
}

const query = (request) => new URL(request.url, 'ws://host').searchParams;

async function answer(socket, request) {
  const asked = query(request);
  const number = (name) => Number(asked.get(name));
  switch (request.url.split('?')[0]) {
    case '/close':
      return socket.close(number('code'), asked.get('reason'));
    case '/ping':
      for (let index = 0; index < number('count'); index += 1) {
        const payload = Buffer.alloc(number('size'), 97 + index);
        socket.ping(payload);
        const [pong] = await once(socket, 'pong');
        socket.send(pong.equals(payload) ? `pong ${index}` : 'another pong');
      }
      return socket.close(1000);
    case '/fragment':
      return socket.on('message', (data, binary) => sendInPieces(socket, data, binary, number('size')));
    default:
      socket.on('message', (data, binary) => socket.send(data, { binary }));
      if (asked.has('tag')) socket.on('close', (closed, reason) => console.log(JSON.stringify({ closed, reason: reason.toString() })));
  }
}

function sendInPieces(socket, data, binary, size, between = () => {}) {
  for (let from = 0; from < data.length; from += size) {
    socket.send(data.subarray(from, from + size), { binary, compress: false, fin: from + size >= data.length });
    between();
  }
}

// --- client ---

/** One open connection with its messages and its end as promises. */
async function open(url, protocols = [], options = {}) {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ca, ...options });
  const waiting = [];
  const arrived = [];
  socket.on('message', (data, binary) => {
    const message = binary ? data : data.toString();
    if (waiting.length > 0) waiting.shift()(message);
    else arrived.push(message);
  });
  socket.next = () => (arrived.length > 0 ? arrived.shift() : new Promise((resolve) => waiting.push(resolve)));
  socket.end = new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, reason.toString()])));
  // Refused: `once` throws the error.
  await once(socket, 'open');
  return socket;
}

async function echoed(socket, message) {
  socket.send(message);
  assert.deepEqual(await socket.next(), message);
}

let ca;
const CLIENT = {
  async text(origin) {
    const socket = await open(`${origin}/echo`);
    for (const text of TEXTS) await echoed(socket, text);
    socket.close();
  },
  async binary(origin) {
    const socket = await open(`${origin}/echo`);
    for (const length of [0, 1, 125, 126, 256, 65_535, 65_536]) await echoed(socket, bytes(length));
    socket.close();
  },
  async large(origin) {
    const socket = await open(`${origin}/echo`);
    await echoed(socket, largeText());
    await echoed(socket, bytes(LARGE));
    socket.close();
  },
  async 'fragments received'(origin) {
    const socket = await open(`${origin}/fragment?size=7`);
    await echoed(socket, TEXTS.join(''));
    await echoed(socket, bytes(1000));
    socket.close();
  },
  async 'fragments sent'(origin) {
    const socket = await open(`${origin}/echo`);
    const text = TEXTS.join('');
    sendInPieces(socket, Buffer.from(text), false, 7, () => socket.ping('between'));
    assert.equal(await socket.next(), text);
    sendInPieces(socket, bytes(1000), true, 7, () => socket.ping('between'));
    assert.deepEqual(await socket.next(), bytes(1000));
    socket.close();
  },
  async 'ping received'(origin) {
    const socket = await open(`${origin}/ping?count=3&size=125`);
    for (let index = 0; index < 3; index += 1) assert.equal(await socket.next(), `pong ${index}`);
    assert.deepEqual(await socket.end, [1000, '']);
  },
  async 'ping sent'(origin) {
    const socket = await open(`${origin}/echo`);
    for (const payload of [Buffer.alloc(0), bytes(125)]) {
      socket.ping(payload);
      const [pong] = await once(socket, 'pong');
      assert.deepEqual(pong, payload);
    }
    socket.close();
  },
  async compression(origin) {
    // By default, and with every parameter that the offer can have.
    const tight = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 9,
      threshold: 0,
    };
    for (const perMessageDeflate of [true, tight]) {
      const socket = await open(`${origin}/echo?deflate=yes`, [], { perMessageDeflate });
      assert.match(socket.extensions, /^permessage-deflate/);
      for (let round = 0; round < 2; round += 1) {
        await echoed(socket, largeText());
        await echoed(socket, bytes(LARGE));
        for (const text of TEXTS) await echoed(socket, text);
      }
      socket.close();
    }
    const plain = await open(`${origin}/echo?deflate=yes`);
    assert.equal(plain.extensions, '');
    plain.close();
  },
  async subprotocol(origin) {
    const socket = await open(`${origin}/echo?protocol=chat`, ['unknown', 'chat']);
    assert.equal(socket.protocol, 'chat');
    socket.close();
    const none = await open(`${origin}/echo`);
    assert.equal(none.protocol, '');
    none.close();
  },
  async 'close begun'(origin) {
    const socket = await open(`${origin}/echo?tag=close`);
    await echoed(socket, 'before');
    socket.close(4001, REASON);
    assert.equal((await socket.end)[0], 4001);
  },
  async 'close received'(origin) {
    const socket = await open(`${origin}/close?code=4002&reason=${encodeURIComponent(REASON)}`);
    assert.deepEqual(await socket.end, [4002, REASON]);
  },
};

async function run(origin, root) {
  ca = root && readFileSync(root);
  for (const [check, work] of Object.entries(CLIENT)) {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`no end after ${LIMIT_MS} ms`)), LIMIT_MS)));
    const wrong = await Promise.race([work(origin), late]).then(
      () => undefined,
      (error) => error.message.slice(0, 400),
    );
    clearTimeout(timer);
    console.log(JSON.stringify({ check, wrong }));
  }
  process.exit();
}

const [mode, ...rest] = process.argv.slice(2);
await (mode === 'server' ? serve(...rest) : run(...rest));
