// WHATWG WebSockets §3.1, `close`: its arguments as Web IDL converts them, and what it does in each state.

import { clauses } from '../transcript.js';

const throwing = (word) => ({
  valueOf() {
    throw new Error(`on purpose ${word}`);
  },
  toString() {
    throw new Error(`on purpose ${word}`);
  },
});
const loud = (say, word, value) => ({
  valueOf() {
    say('converts', word);
    return value;
  },
  toString() {
    say('converts', word);
    return value;
  },
});

const CODES = [
  ...[0, 1, 999, 1000, 1001, 1004, 1005, 1006, 1015, 2999, 3000, 3999, 4000, 4999, 5000, 65535, 65536, 66536, -1, -1000],
  ...[999.5, 999.4, 1000.4, 1000.5, 1000.6, 1001.5, 2999.5, 2999.4, 4999.4, 4999.5, 4999.6, NaN, Infinity, -Infinity, 1e100],
  ...['1000', ' 1000 ', '0x3e8', '3000.2', 'x', '', true, false, null, [], [1000], {}, new Date(1000), 1000n, Symbol('x'), () => {}],
];
const REASONS = {
  empty: '',
  text: 'why',
  null: null,
  number: 5,
  object: {},
  array: [1, 2],
  '123 bytes': 'x'.repeat(123),
  '124 bytes': 'x'.repeat(124),
  '123 bytes of two': `${'é'.repeat(61)}.`,
  '124 bytes of two': 'é'.repeat(62),
  '123 bytes of lone surrogates': '\ud800'.repeat(41),
  '124 bytes with lone surrogates': `${'\ud800'.repeat(41)}.`,
  'a character cut by the limit': `${'x'.repeat(121)}𝄞`,
  nul: 'a\0b',
  symbol: Symbol('x'),
};

/** Calls `close` on open sockets, and tells what it throws or how the end comes. One socket serves for every call that throws. */
async function closeAll(t, cases) {
  let socket = await t.opened();
  for (const [label, args] of cases) {
    t.attempt(label, () => socket.close(...args));
    t.say('  state', socket.readyState);
    if (socket.readyState === 1) continue;
    // The echo closes with what it was told.
    const { code, reason, wasClean } = await t.next(socket, 'close');
    t.say('  close', code, reason, wasClean);
    socket = await t.opened();
  }
  await t.finish(socket);
}

clauses('close and its arguments', {
  async 'takes codes as the standard has it'(t) {
    await closeAll(
      t,
      CODES.map((code, index) => [`${index} ${typeof code === 'symbol' ? 'symbol' : typeof code} ${String(code)}`, [code]]),
    );
  },

  async 'takes reasons of up to 123 bytes'(t) {
    await closeAll(
      t,
      Object.entries(REASONS).map(([label, reason]) => [label, [1000, reason]]),
    );
  },

  async 'knows what is left out'(t) {
    await closeAll(t, [
      ['nothing', []],
      ['undefined', [undefined]],
      ['undefined twice', [undefined, undefined]],
      ['code, undefined', [3000, undefined]],
      ['no code, a reason', [undefined, 'why']],
      ['no code, an empty reason', [undefined, '']],
      ['no code, a reason too long', [undefined, 'x'.repeat(124)]],
      ['three', [3000, 'why', 'more']],
    ]);
  },

  async 'converts the code, then the reason, and judges then'(t) {
    const { say } = t;
    await closeAll(t, [
      ['both', [loud(say, 'code', 3001), loud(say, 'reason', 'r')]],
      ['bad code', [loud(say, 'code', 5), loud(say, 'reason', 'r')]],
      ['bad code, reason too long', [5, 'x'.repeat(124)]],
      ['throwing code', [throwing('code'), loud(say, 'reason', 'r')]],
      ['throwing reason', [loud(say, 'code', 5), throwing('reason')]],
      ['symbol as reason, bad code', [5, Symbol('x')]],
    ]);
  },

  async 'judges them in every state'(t) {
    const bad = [[999], [1000, 'x'.repeat(124)], [Symbol('x')], [throwing('code')], [1000, throwing('reason')]];
    const socket = t.open('/echo');
    const all = (label) => bad.forEach((args, index) => t.attempt(`${label} ${index}`, () => socket.close(...args)));
    all('connecting');
    t.state(socket);
    await t.next(socket, 'open');
    all('open');
    t.state(socket);
    socket.close();
    all('closing');
    await t.end(socket);
    all('closed');
    t.attempt('closed, allowed', () => socket.close(3000, 'late'));
    t.state(socket);
  },
});

clauses('close', {
  async 'before open fails the connection'(t) {
    const socket = t.open('/echo');
    t.attempt('close', () => socket.close());
    t.state(socket);
    await t.end(socket);
  },

  async 'before open, with code and reason, fails it all the same'(t) {
    const socket = t.open('/echo');
    t.attempt('close', () => socket.close(4000, 'why'));
    t.attempt('again', () => socket.close(4001, 'again'));
    t.attempt('send', () => socket.send('x'));
    t.state(socket);
    await t.end(socket);
  },

  async 'before open, a microtask and a task later'(t) {
    for (const wait of [() => Promise.resolve(), () => new Promise((resolve) => setTimeout(resolve))]) {
      const socket = t.open('/silent');
      await wait();
      socket.close();
      t.state(socket);
      await t.end(socket);
    }
  },

  async 'twice is once'(t) {
    const socket = t.open('/echo');
    await t.next(socket, 'open');
    socket.close(4001, 'first');
    socket.close(4002, 'second');
    t.state(socket);
    await t.end(socket);
    socket.close(4003, 'third');
    t.state(socket);
  },

  async 'sends what was sent before it'(t) {
    const socket = t.open('/echo');
    await t.next(socket, 'open');
    for (let n = 0; n < 5; n += 1) socket.send(`${n}`);
    socket.close(3000, 'after five');
    await t.end(socket);
  },

  async 'lets no message come any more'(t) {
    const socket = t.open('/flood?count=50&size=10');
    let heard = 0;
    socket.addEventListener('message', () => {
      heard += 1;
      if (heard === 3) socket.close();
    });
    await t.end(socket);
    t.say('heard', heard);
  },

  async 'inside of each handler'(t) {
    for (const type of ['open', 'message', 'error', 'close']) {
      const socket = t.open(type === 'error' ? t.refused : '/echo');
      socket.addEventListener('open', () => socket.send('x'));
      if (type === 'close') socket.addEventListener('message', () => socket.close(3000));
      socket.addEventListener(type, () => {
        t.attempt(`close in ${type}`, () => socket.close(3001, 'inside'));
        t.state(socket);
      });
      await t.end(socket);
    }
  },

  async 'of one does not touch another'(t) {
    const [first, second] = [await t.opened(), await t.opened()];
    await t.finish(first);
    const message = t.next(second, 'message');
    second.send('still here');
    t.say('second', (await message).data, second.readyState);
    await t.finish(second);
  },
});
