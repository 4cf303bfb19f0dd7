// WHATWG WebSockets §3.1, `binaryType`.

import { clauses } from '../transcript.js';

clauses('binaryType', {
  async 'is blob at first, and knows two values'(t) {
    const socket = new t.Class(t.url('/echo'));
    t.say('first', socket.binaryType);
    const values = [
      'arraybuffer',
      'nonsense',
      'blob',
      'ArrayBuffer',
      'arraybuffer',
      'BLOB',
      '',
      null,
      undefined,
      5,
      {},
      ['blob'],
      new String('arraybuffer'),
    ];
    values.push('arraybuffer\0', { toString: () => 'blob' });
    for (const value of values) {
      t.attempt('set', () => void (socket.binaryType = value));
      t.say('  is', socket.binaryType);
    }
    await t.finish(socket);
  },

  async 'passes on what a conversion throws'(t) {
    const socket = new t.Class(t.url('/echo'));
    const failing = {
      toString() {
        throw new Error('on purpose');
      },
    };
    t.attempt('throwing', () => (socket.binaryType = failing));
    t.attempt('symbol', () => (socket.binaryType = Symbol('x')));
    t.say('is', socket.binaryType);
    await t.finish(socket);
  },

  async 'decides when a message is told, not when it was sent'(t) {
    const socket = await t.opened();
    const message = t.next(socket, 'message');
    socket.send(Uint8Array.of(1, 2));
    socket.binaryType = 'arraybuffer';
    t.say('data', (await message).data);
    await t.finish(socket);
  },

  async 'may change from one message to the next'(t) {
    const socket = await t.opened();
    let count = 0;
    const done = new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        t.say('data', data);
        count += 1;
        socket.binaryType = count % 2 ? 'arraybuffer' : 'blob';
        if (count === 4) resolve();
      };
    });
    for (let n = 0; n < 4; n += 1) socket.send(Uint8Array.of(n));
    await done;
    await t.finish(socket);
  },

  async 'means nothing to text'(t) {
    const socket = await t.opened();
    socket.binaryType = 'arraybuffer';
    const message = t.next(socket, 'message');
    socket.send('text');
    t.say('data', (await message).data);
    await t.finish(socket);
  },

  async 'can be set in every state'(t) {
    const socket = t.open('/echo');
    const flip = () => {
      socket.binaryType = socket.binaryType === 'blob' ? 'arraybuffer' : 'blob';
      t.state(socket);
    };
    flip();
    await t.next(socket, 'open');
    flip();
    socket.close();
    flip();
    await t.end(socket);
    flip();
    socket.binaryType = 'nonsense';
    t.state(socket);
  },
});
