// Differential fuzz: a random program runs once with the browser's own class and once with ours, and both must tell the same. A program is made
// of its seed alone. `?fuzz=COUNT&seed=FIRST` of the page chooses how many and from where.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { same, transcriptOf } from './transcript.js';

const query = new URLSearchParams(location.search);
const COUNT = Number(query.get('fuzz') ?? 60);
const FIRST = Number(query.get('seed') ?? 1);
/** Programs in one test: a failure names the seed. */
const CHUNK = 20;
/** Operations that one run of a program carries out. Listeners that add listeners and dispatch to them multiply without end. */
const BUDGET = 1000;
/** The seed of a program that multiplies. */
const MULTIPLIES = 201998;

/**
 * Firefox opens a connection in the process next door. If it is open there when a `close` comes that was called before the page heard of it, the end
 * has the code of that `close`, and 1006 if it is not.
 */
const OPENS_NEXT_DOOR = navigator.userAgent.includes('Firefox');

/** Mulberry32. */
function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (share) => next() < share,
    below: (count) => Math.floor(next() * count),
    one: (list) => list[Math.floor(next() * list.length)],
  };
}

// None that closes by itself: whether that comes before what a program sends is a race, and decides whether the end is clean.
const PATHS = ['/echo', '/echo', '/echo', '/echo', '/echo?x y', '/fragment?size=2', '/status/404'];
const BAD_PATHS = ['/echo#', '/echo#x'];
const PROTOCOLS = [
  undefined,
  undefined,
  undefined,
  [],
  'chat.v1',
  ['a', 'chat.v1'],
  new Set(['chat.v1']),
  ['a', 'a'],
  'a b',
  null,
  {},
  Symbol('x'),
];
const CODES = [undefined, undefined, 1000, 3000, 4999, 1001, 0, NaN, '3000', 2999.5, null, -1, 70000, Symbol('x'), { valueOf: () => 3005 }];
const REASONS = [undefined, undefined, '', 'why', 'é'.repeat(61), 'é'.repeat(62), null, 5, '\ud800', Symbol('x')];
const throwing = {
  toString() {
    throw new Error('on purpose');
  },
};
const PAYLOADS = [
  '',
  'a',
  'é€𝄞',
  '\ud800x',
  5,
  null,
  undefined,
  {},
  new ArrayBuffer(3),
  Uint8Array.of(1, 2),
  new Uint16Array([3, 4]).subarray(1),
  new DataView(new ArrayBuffer(9), 2, 3),
];
PAYLOADS.push(new Blob([]), new Blob(['blob']), 'x'.repeat(300), new Uint8Array(70_000), Symbol('x'), throwing, [1, 2]);
const BINARY_TYPES = ['blob', 'arraybuffer', 'nonsense', null, throwing];
const TYPES = ['open', 'message', 'error', 'close'];

/** One operation: what it does is fixed when the program is made, not when it runs. */
function operation(r, depth) {
  const label = `op${r.below(1000)}`;
  const nested = depth > 0 ? program(r, r.below(3), depth - 1) : [];
  switch (r.below(12)) {
    case 0:
    case 1:
    case 2: {
      const data = r.one(PAYLOADS);
      return (t, socket) => {
        const before = socket.bufferedAmount;
        t.attempt(`${label} send`, () => socket.send(data));
        t.say('  grew by', socket.bufferedAmount - before);
      };
    }
    case 3: {
      if (r.chance(0.5)) return (t, socket) => t.state(socket);
      const args = [r.one(CODES), r.one(REASONS)].slice(0, r.below(3));
      return (t, socket) => t.attempt(`${label} close`, () => socket.close(...args));
    }
    case 4: {
      const value = r.one(BINARY_TYPES);
      return (t, socket) => {
        t.attempt(`${label} binaryType`, () => void (socket.binaryType = value));
        t.say('  is', socket.binaryType);
      };
    }
    case 5:
    case 6: {
      const type = r.one(TYPES);
      const options = r.one([undefined, { once: true }, true, { passive: true }]);
      const stop = r.chance(0.1);
      const fails = r.chance(0.1);
      return (t, socket) => {
        const heard = (event) => {
          t.say(`${label} heard ${type}`, event.eventPhase, event.currentTarget === socket);
          if (stop) event.stopImmediatePropagation();
          run(nested, t, socket);
          if (fails) throw new Error(`on purpose ${label}`);
        };
        socket.addEventListener(type, heard, options);
        t.listeners.push([type, heard, options]);
      };
    }
    case 7:
      return (t, socket) => {
        const last = t.listeners.pop();
        t.say(`${label} remove`, Boolean(last));
        if (last) socket.removeEventListener(...last);
      };
    case 8:
    case 9: {
      const type = r.one(TYPES);
      const value = r.one(['function', 'function', 'function', null, 5, {}]);
      const returns = r.one([undefined, false, true]);
      return (t, socket) => {
        const handler = () => {
          t.say(`${label} on${type}`);
          run(nested, t, socket);
          return returns;
        };
        socket[`on${type}`] = value === 'function' ? handler : value;
        t.say(`${label} set on${type}`, typeof socket[`on${type}`], socket[`on${type}`] === null);
      };
    }
    case 10: {
      const type = r.one(TYPES);
      const cancelable = r.chance(0.5);
      return (t, socket) => {
        if (t.depth > 3) return;
        t.depth += 1;
        t.attempt(`${label} dispatch ${type}`, () => socket.dispatchEvent(new Event(type, { cancelable })));
        t.depth -= 1;
      };
    }
    default:
      return (t, socket) => {
        // Not while an event is told: when promises settle between two listeners is in the table of differences.
        if (globalThis.event) return;
        t.say(`${label} microtask`);
        queueMicrotask(() => run(nested, t, socket));
      };
  }
}

const program = (r, length, depth) => Array.from({ length }, () => operation(r, depth));

function run(operations, t, socket) {
  for (const each of operations) {
    if (t.budget === 0) return;
    t.budget -= 1;
    if (t.budget === 0) t.say('the budget is spent');
    else each(t, socket);
  }
}

/** The scenario of a seed. */
function scenario(seed) {
  const r = random(seed);
  const path = r.chance(0.05) ? r.one(BAD_PATHS) : r.one(PATHS);
  const args = r.chance(0.3) ? [r.one(PROTOCOLS)] : [];
  const atFirst = program(r, r.below(6), 2);
  const atOpen = program(r, r.below(8), 2);
  const atMessage = Array.from({ length: 4 }, () => program(r, r.below(4), 1));
  const atEnd = program(r, r.below(5), 1);
  return async (t) => {
    Object.assign(t, { listeners: [], depth: 0, budget: BUDGET });
    const errors = await t.reported(async () => {
      const socket = t.attempt('construct', () => new t.Class(t.url(path), ...args));
      if (!socket) return;
      t.state(socket);
      let messages = 0;
      let over = false;
      // In the capturing phase and first: what a program stops comes after it.
      const observe = (type, act) => EventTarget.prototype.addEventListener.call(socket, type, (event) => made(event) || act(event), true);
      const made = (event) => event.constructor === Event && event.type !== 'open' && event.type !== 'error';
      let opened = false;
      observe('open', (event) => {
        if (opened || socket.readyState === 0) return;
        opened = true;
        t.event(event);
        run(atOpen, t, socket);
        // So that every program ends.
        t.attempt('last send', () => socket.send('last'));
      });
      observe('message', (event) => {
        t.event(event);
        run(atMessage[messages % atMessage.length], t, socket);
        messages += 1;
        if (messages >= 6 || event.data === 'last') t.attempt('last close', () => socket.close());
      });
      const end = new Promise((resolve) => {
        observe('close', (event) => {
          if (over) return;
          over = true;
          // Not wasClean: under load WebKit tells now the one and now the other of the same program.
          if (opened || !OPENS_NEXT_DOOR) t.say('close', event.code, event.reason);
          else t.say('close before it was open');
          t.state(socket);
          run(atEnd, t, socket);
          // What is behind this listener comes first.
          setTimeout(resolve);
        });
      });
      run(atFirst, t, socket);
      await end;
      t.state(socket);
    });
    t.say('reported', errors);
  };
}

/** Runs the program of a seed with both classes; gives what both told. */
async function compare(seed) {
  const theirs = await transcriptOf(globalThis.WebSocket, scenario(seed));
  const ours = await transcriptOf(WebSocket, scenario(seed));
  same(ours, theirs, `seed ${seed}`);
  return ours;
}

describe('random programs tell the same of both classes', () => {
  it('also one that multiplies, and it ends', async () => {
    assert.include(await compare(MULTIPLIES), 'the budget is spent');
  });
  for (let chunk = FIRST; chunk < FIRST + COUNT; chunk += CHUNK) {
    const last = Math.min(chunk + CHUNK, FIRST + COUNT) - 1;
    it(`seeds ${chunk} to ${last}`, async () => {
      for (let seed = chunk; seed <= last; seed += 1) await compare(seed);
    });
  }
});
