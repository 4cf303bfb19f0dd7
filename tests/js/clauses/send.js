// WHATWG WebSockets §3.1, `send`: what it takes, what it throws, and what `bufferedAmount` counts.

import { clauses } from '../transcript.js';

const bytes = (...values) => Uint8Array.from(values);

/** Sends each value to the echo, one after another, and tells what came back. */
async function echo(t, values, binaryType = 'arraybuffer') {
  const socket = await t.opened();
  socket.binaryType = binaryType;
  for (const [label, value] of Object.entries(values)) {
    const message = t.next(socket, 'message');
    let thrown = true;
    t.attempt(label, () => {
      const result = socket.send(value);
      thrown = false;
      return result;
    });
    if (thrown) continue;
    const { data } = await message;
    t.say('  back', data instanceof Blob ? await data.arrayBuffer() : data);
  }
  await t.finish(socket);
}

const failing = {
  toString() {
    throw new Error('on purpose');
  },
};

clauses('send', {
  async 'takes strings, and makes strings of everything else'(t) {
    await echo(t, {
      empty: '',
      text: 'aé€𝄞',
      nul: 'a\0b',
      'lone surrogates': 'a\ud800b\udc00c\udbff',
      'swapped pair': '\udc00\ud800',
      number: 42,
      '-0': -0,
      NaN,
      bigint: 10n,
      true: true,
      null: null,
      undefined,
      object: {},
      array: [1, [2, 3]],
      String: new String('boxed'),
      date: new URL('http://a/b'),
      function: Object.assign(() => {}, { toString: () => 'function' }),
      toString: { toString: () => 'own' },
      valueOf: { valueOf: () => 'value', toString: null },
      symbol: Symbol('x'),
      throws: failing,
    });
  },

  async 'takes buffers and every view'(t) {
    const buffer = bytes(...Array.from({ length: 32 }, (_, n) => n)).buffer;
    const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array];
    views.push(BigInt64Array, BigUint64Array, DataView);
    const values = { buffer, 'empty buffer': new ArrayBuffer(0), 'empty view': new Uint8Array(buffer, 8, 0) };
    for (const View of views) {
      values[View.name] = new View(buffer);
      values[`${View.name} in the middle`] = View === DataView ? new View(buffer, 8, 8) : new View(buffer, 8, 8 / View.BYTES_PER_ELEMENT);
    }
    await echo(t, values);
  },

  async 'meets buffers that were taken away, or can grow'(t) {
    const values = {};
    const gone = new ArrayBuffer(8);
    const view = new Uint8Array(gone);
    structuredClone(gone, { transfer: [gone] });
    Object.assign(values, { 'detached buffer': gone, 'detached view': view });
    if (ArrayBuffer.prototype.resize) {
      const growing = new ArrayBuffer(4, { maxByteLength: 8 });
      Object.assign(values, { 'resizable buffer': growing, 'view of a resizable buffer': new Uint8Array(growing) });
    }
    if (typeof SharedArrayBuffer === 'function') {
      const shared = new SharedArrayBuffer(4);
      Object.assign(values, { 'shared buffer': shared, 'view of a shared buffer': new Uint8Array(shared) });
    }
    await echo(t, values);
  },

  async 'takes blobs'(t) {
    const values = {
      empty: new Blob([]),
      blob: new Blob([bytes(1, 2, 3), 'x']),
      slice: new Blob(['abcdef']).slice(2, 4),
      typed: new Blob(['x'], { type: 'text/plain' }),
      file: new File(['in a file'], 'name.txt'),
    };
    await echo(t, values);
    await echo(t, values, 'blob');
  },

  async 'keeps the order of blobs, buffers and strings'(t) {
    const socket = await t.opened();
    socket.binaryType = 'arraybuffer';
    const sent = [new Blob(['first']), 'second', bytes(3), new Blob([]), 'fifth', new Blob(['x'.repeat(100_000)]), ''];
    let left = sent.length;
    const all = new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        t.say('back', data);
        left -= 1;
        if (left === 0) resolve();
      };
    });
    for (const each of sent) socket.send(each);
    await all;
    await t.finish(socket);
  },

  async 'takes what it is given at the call'(t) {
    const socket = await t.opened();
    socket.binaryType = 'arraybuffer';
    const view = bytes(1, 2, 3);
    const message = t.next(socket, 'message');
    socket.send(view);
    view.fill(9);
    t.say('back', (await message).data);
    await t.finish(socket);
  },

  async 'throws before open, after it has converted'(t) {
    const socket = t.open('/echo');
    const { attempt, say } = t;
    attempt('nothing', () => socket.send());
    attempt('string', () => socket.send('early'));
    attempt('blob', () => socket.send(new Blob(['early'])));
    attempt('buffer', () => socket.send(new ArrayBuffer(4)));
    attempt('symbol', () => socket.send(Symbol('x')));
    attempt('throwing', () => socket.send(failing));
    attempt('loud', () =>
      socket.send({
        toString() {
          say('converted');
          return 'x';
        },
      }),
    );
    say('buffered', socket.bufferedAmount);
    await t.next(socket, 'open');
    socket.close();
    await t.end(socket);
  },

  async 'wants an argument, and does not mind more'(t) {
    const socket = await t.opened();
    t.attempt('none', () => socket.send());
    t.attempt('apply', () => socket.send.apply(socket, []));
    const message = t.next(socket, 'message');
    t.attempt('three', () => socket.send('a', 'b', 'c'));
    t.say('back', (await message).data);
    await t.finish(socket);
  },

  async 'still converts when it sends nothing any more'(t) {
    const socket = await t.opened();
    socket.close();
    t.attempt('closing, symbol', () => socket.send(Symbol('x')));
    t.attempt('closing, throws', () => socket.send(failing));
    t.attempt('closing, nothing', () => socket.send());
    await t.end(socket);
    t.attempt('closed, symbol', () => socket.send(Symbol('x')));
    t.attempt('closed, throws', () => socket.send(failing));
    t.attempt('closed, nothing', () => socket.send());
    t.attempt('closed', () => socket.send('lost'));
  },
});

/** Tells by how much each call raises `bufferedAmount`. */
function grow(t, socket, label, value) {
  const before = socket.bufferedAmount;
  t.attempt(label, () => socket.send(value));
  t.say('  grew by', socket.bufferedAmount - before);
}

const PAYLOADS = {
  empty: '',
  ascii: 'abc',
  'two bytes': 'é',
  'three bytes': '€',
  'four bytes': '𝄞',
  'lone surrogate': '\ud800',
  buffer: new ArrayBuffer(10),
  'empty buffer': new ArrayBuffer(0),
  view: new Uint16Array(5),
  'part of a buffer': new DataView(new ArrayBuffer(100), 10, 7),
  blob: new Blob(['abcdefg']),
  'empty blob': new Blob([]),
  long: 'x'.repeat(200),
  longer: 'x'.repeat(70_000),
};

clauses('bufferedAmount', {
  async 'is 0 at first, and counts the bytes of a message'(t) {
    const socket = new t.Class(t.url('/echo'));
    t.say('connecting', socket.bufferedAmount);
    await t.next(socket, 'open');
    t.say('open', socket.bufferedAmount);
    for (const [label, value] of Object.entries(PAYLOADS)) grow(t, socket, label, value);
    await t.finish(socket);
  },

  async 'does not fall before the turn of the loop'(t) {
    const socket = await t.opened();
    socket.send('x'.repeat(1000));
    const first = socket.bufferedAmount;
    for (let n = 0; n < 100; n += 1) await null;
    t.say('after microtasks', socket.bufferedAmount === first, first);
    const request = new XMLHttpRequest();
    request.open('GET', location.href, false);
    request.send();
    t.say('after a synchronous request', request.status, socket.bufferedAmount === first);
    await t.finish(socket);
  },

  async 'falls to 0 when all is sent'(t) {
    const socket = await t.opened();
    socket.send('x'.repeat(1000));
    await t.next(socket, 'message');
    t.say('then', socket.bufferedAmount);
    await t.finish(socket);
  },

  async 'grows after close, and never falls again'(t) {
    const socket = await t.opened();
    socket.close();
    for (const [label, value] of Object.entries(PAYLOADS)) grow(t, socket, `closing, ${label}`, value);
    const before = socket.bufferedAmount;
    await t.end(socket);
    t.say('kept', socket.bufferedAmount === before);
    for (const [label, value] of Object.entries(PAYLOADS)) grow(t, socket, `closed, ${label}`, value);
    const last = socket.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve));
    t.say('kept', socket.bufferedAmount === last);
  },

  async 'counts nothing that was refused'(t) {
    const socket = await t.opened();
    t.attempt('symbol', () => socket.send(Symbol('x')));
    t.say('buffered', socket.bufferedAmount);
    await t.finish(socket);
  },

  async 'grows after a connection that failed'(t) {
    const socket = t.open(t.refused);
    await t.end(socket);
    grow(t, socket, 'text', 'abc');
  },
});
