// HTML §9.2.5, the CloseEvent interface, as a program in Node 22 sees it: there it is ours, because the platform has none. Here the platform's is
// taken away for as long as a socket closes.

import { clauses } from '../transcript.js';

/** The `close` event of a socket that closes while the page has no `CloseEvent`. */
async function eventOf(t) {
  const property = Object.getOwnPropertyDescriptor(globalThis, 'CloseEvent');
  const socket = await t.opened();
  delete globalThis.CloseEvent;
  try {
    const event = t.next(socket, 'close');
    socket.close(4000, 'bye');
    return await event;
  } finally {
    Object.defineProperty(globalThis, 'CloseEvent', property);
  }
}

const valuesOf = ({ type, code, reason, wasClean, bubbles, cancelable, composed }) => [
  type,
  code,
  reason,
  wasClean,
  bubbles,
  cancelable,
  composed,
];

clauses('a CloseEvent where the platform has none', {
  async 'is an Event with a class of its own'(t) {
    const event = await eventOf(t);
    const { constructor: CloseEvent } = event;
    t.say('values', valuesOf(event));
    t.say('strings', CloseEvent.name, CloseEvent.length, String(event), `${CloseEvent.prototype}`);
    t.say('is', event instanceof Event, Object.getPrototypeOf(CloseEvent) === Event, event.constructor === CloseEvent);
    t.say('own', Reflect.ownKeys(event).filter((key) => !/isTrusted|[oO]riginalTarget/.test(String(key))).length);
    t.say('of the class', Reflect.ownKeys(CloseEvent).map(String).sort());
  },

  async 'has the members of the standard'(t) {
    const { prototype } = (await eventOf(t)).constructor;
    const keys = Reflect.ownKeys(prototype).filter((key) => key !== 'initCloseEvent');
    for (const key of keys.sort((a, b) => (String(a) < String(b) ? -1 : 1))) {
      const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(prototype, key);
      t.say(String(key), typeof value, get?.name, get?.length, typeof set, flags);
    }
    for (const key of ['code', 'reason', 'wasClean']) {
      const { get } = Object.getOwnPropertyDescriptor(prototype, key);
      for (const other of [undefined, {}, prototype, new Event('close')]) t.attempt(`${key} of another`, () => get.call(other));
    }
  },

  async 'cannot be changed'(t) {
    const event = await eventOf(t);
    for (const key of ['code', 'reason', 'wasClean']) {
      t.attempt(`assign ${key}`, () => (event[key] = 1));
      t.say('still', event[key]);
    }
  },

  async 'is made as the standard says'(t) {
    const { constructor: CloseEvent } = await eventOf(t);
    const make = (label, ...args) => t.attempt(label, () => valuesOf(new CloseEvent(...args)));
    make('nothing');
    make('a type', 'x');
    make('undefined', 'x', undefined);
    make('null', 'x', null);
    make('a string', 'x', 'y');
    make('all', 'x', { code: 4000, reason: 'é', wasClean: true, bubbles: true, cancelable: true, composed: true });
    for (const code of [-1, 65536, 70000, 2.9, '12', NaN, Infinity, null, 2 ** 40 + 5, 1n, Symbol('x')])
      make(`code ${String(code)}`, 'x', { code });
    // Not half a surrogate pair: whether that stays is not the same in every browser.
    for (const reason of ['é', null, 5, {}, Symbol('x')]) make(`reason ${typeof reason}`, 'x', { reason });
    for (const wasClean of [1, 0, '', 'false', null, {}]) make('wasClean', 'x', { wasClean });
    t.attempt('no new', () => CloseEvent('x'));
  },

  async 'reads its arguments in the order of the standard'(t) {
    const { constructor: CloseEvent } = await eventOf(t);
    const init = {};
    for (const key of ['wasClean', 'reason', 'code', 'composed', 'cancelable', 'bubbles']) {
      Object.defineProperty(init, key, { get: () => void t.say(`reads ${key}`) });
    }
    t.attempt('made', () => valuesOf(new CloseEvent('x', init)));
    const loud = (key, value) => ({
      [key]: { toString: () => (t.say(`converts ${key}`), value), valueOf: () => (t.say(`values ${key}`), value) },
    });
    t.attempt('converted', () =>
      valuesOf(new CloseEvent('x', { ...loud('wasClean', false), ...loud('reason', 'why'), ...loud('code', 7) })),
    );
  },

  async 'may have subclasses, and be dispatched'(t) {
    const { constructor: CloseEvent } = await eventOf(t);
    class Late extends CloseEvent {
      get code() {
        return super.code + 1;
      }
    }
    const late = new Late('late', { code: 1 });
    t.say('is', late instanceof CloseEvent, late.code, Object.prototype.toString.call(late));
    const target = new EventTarget();
    target.addEventListener('late', (event) => t.say('heard', event === late, event.code, event.eventPhase));
    t.say('dispatched', target.dispatchEvent(late));
  },
});
