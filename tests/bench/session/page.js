// The clients of `npm run bench -- session` that are written in JavaScript, and the one function by which any client is run.
import init, * as rust from 'bench-glue';
import { decode, encode } from '@msgpack/msgpack';
import { io } from 'socket.io-client';
import * as messagepack from 'socket.io-msgpack-parser';
import { make, sum, sumOf } from './message.js';

/** As written by hand: `decode` and `encode` of the usual library. */
const codecs = {
  bytes: { decode: (data) => data, encode: (message) => message },
  messagepack: { decode, encode },
};

/** What every client does, over `send` and `receive` of one message. Resolves to milliseconds. */
async function measure({ codec, kind, count }, send, onMessage) {
  const expected = kind === 'receive' ? sumOf(codec, count) : 0;
  let began;
  await new Promise((resolve, reject) => {
    let left = kind === 'send' ? 1 : count;
    let total = 0;
    onMessage((message) => {
      if (kind === 'receive') total = (total + sum[codec](message)) >>> 0;
      if (--left > 0) {
        if (kind === 'echo') send(make[codec](left));
      } else if (kind === 'receive' && total !== expected) reject(new Error('not the messages that were sent'));
      else resolve();
    }, reject);
    began = performance.now();
    for (let number = 0; number < (kind === 'send' ? count : 1); number++) send(make[codec](number));
  });
  return performance.now() - began;
}

async function byClass(job, { typed }) {
  const socket = new WebSocket(`${typed}/single/${job.codec}/${job.kind}/${job.count}`);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const { encode, decode } = codecs[job.codec];
  const took = await measure(
    job,
    (message) => socket.send(encode(message)),
    (take, fail) => Object.assign(socket, { onmessage: ({ data }) => take(decode(data)), onclose: fail }),
  );
  socket.onclose = null;
  socket.close();
  return took;
}

const bySocketIo = (port, parser) => async (job, ports) => {
  const socket = io(`http://127.0.0.1:${ports[port]}`, {
    transports: ['websocket'],
    parser,
    query: job,
    forceNew: true,
    reconnection: false,
  });
  await new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
  const took = await measure(
    job,
    // Its MessagePack parser takes a Uint8Array of a page for an object with 64 fields.
    (message) => socket.emit('m', job.codec === 'bytes' ? message.buffer : message),
    (take, fail) => socket.on('m', take).on('disconnect', fail),
  );
  socket.off('disconnect').disconnect();
  return took;
};

const byRust =
  (how) =>
  (job, { typed }) =>
    rust.typed(how, typed, job.codec, job.kind, job.count);

const clients = {
  "browser's class": byClass,
  'socket.io': bySocketIo('socketIo', undefined),
  'socket.io, MessagePack parser': bySocketIo('socketIoMessagePack', messagepack),
  'ours, plain channel': byRust('plain'),
  'ours, session': byRust('values'),
  'ours, session, batches': byRust('batches'),
};

/** The length of a message's frame (RFC 6455 §5.2), without the payloads of `count` messages in it. */
const framed = (bytes, mask) => bytes + mask + (bytes < 126 ? 2 : bytes < 65536 ? 4 : 10);
const size = (data) => (typeof data === 'string' ? new TextEncoder().encode(data).length : data.byteLength);

/** Counts what the page's WebSockets send and receive until it is called again. */
function countWire() {
  const bytes = { sent: 0, received: 0 };
  const { prototype } = WebSocket;
  const { send } = prototype;
  const onmessage = Object.getOwnPropertyDescriptor(prototype, 'onmessage');
  const counted = new WeakSet();
  const count = (take) =>
    function (event) {
      if (!counted.has(event)) bytes.received += framed(size(event.data), 0);
      counted.add(event);
      return typeof take === 'function' ? take.call(this, event) : take.handleEvent(event);
    };
  prototype.send = function (data) {
    bytes.sent += framed(size(data), 4);
    return send.call(this, data);
  };
  Object.defineProperty(prototype, 'onmessage', {
    ...onmessage,
    set(take) {
      onmessage.set.call(this, take && count(take));
    },
  });
  prototype.addEventListener = function (type, take, options) {
    return EventTarget.prototype.addEventListener.call(this, type, type === 'message' ? count(take) : take, options);
  };
  return () => {
    prototype.send = send;
    Object.defineProperty(prototype, 'onmessage', onmessage);
    delete prototype.addEventListener;
    return bytes;
  };
}

globalThis.bench = {
  clients: Object.keys(clients),
  ready: init('/bench.wasm'),
  async run(client, job, ports) {
    globalThis.gc?.();
    return job.count / ((await clients[client](job, ports)) / 1000);
  },
  /** The bytes of a message on the wire above its 64, frames included. */
  async overhead(client, job, ports) {
    const counted = countWire();
    let bytes;
    try {
      await clients[client](job, ports);
    } finally {
      bytes = counted();
    }
    return (job.kind === 'send' ? bytes.sent : bytes.received) / job.count - 64;
  },
};
