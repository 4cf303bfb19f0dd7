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
  let began;
  await new Promise((resolve, reject) => {
    let left = kind === 'send' ? 1 : count;
    let total = 0;
    onMessage((message) => {
      if (kind === 'receive') total = (total + sum[codec](message)) >>> 0;
      if (--left > 0) {
        if (kind === 'echo') send(make[codec](left));
      } else if (kind === 'receive' && total !== sumOf(codec, count)) reject(new Error('not the messages that were sent'));
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

globalThis.bench = {
  clients: Object.keys(clients),
  ready: init('/bench.wasm'),
  async run(client, job, ports) {
    globalThis.gc?.();
    return job.count / ((await clients[client](job, ports)) / 1000);
  },
};
