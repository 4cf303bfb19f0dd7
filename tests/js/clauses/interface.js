// Web IDL: what the class, its prototype and its objects look like (WHATWG WebSockets §3.1, the interface).

import { clauses } from '../transcript.js';

/** The members that only ours has. */
const OURS = ['postMessage', 'reconnect', 'onreconnecting'];
const keysOf = (holder) => Reflect.ownKeys(holder).filter((key) => !OURS.includes(key));
const CONSTANTS = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

function describeFunction(value) {
  if (value === undefined) return 'none';
  // A constructor's own properties are told one by one.
  return `${value.name} of ${value.length}, own ${Reflect.ownKeys(value).map(String).sort()}`;
}

function describeProperty(holder, key) {
  const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(holder, key);
  const shown = get || set ? `get ${describeFunction(get)} set ${describeFunction(set)}` : typeof value;
  const number = typeof value === 'number' || typeof value === 'string' ? value : '';
  const called = typeof value === 'function' && key !== 'constructor' ? describeFunction(value) : '';
  return [shown, number, called, JSON.stringify(flags)].filter(Boolean).join(' ');
}

/** Every member that is a function or has one, as [label, function]. */
function functionsOf(prototype) {
  const found = [];
  for (const key of keysOf(prototype)) {
    const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key);
    if (key === 'constructor') continue;
    if (typeof value === 'function') found.push([String(key), value]);
    if (get) found.push([`get ${String(key)}`, get]);
    if (set) found.push([`set ${String(key)}`, set]);
  }
  // In an order of its own: that of the properties is each browser's.
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

clauses('the interface', {
  'has the same properties on the class'({ Class, say }) {
    for (const key of keysOf(Class).map(String).sort()) say(key, describeProperty(Class, key));
  },

  'has the same properties on the prototype'({ Class, say }) {
    const { prototype } = Class;
    for (const key of keysOf(prototype).sort((a, b) => String(a).localeCompare(String(b)))) {
      say(String(key), describeProperty(prototype, key));
    }
  },

  'has nothing on its objects'({ Class, say, url }) {
    const socket = new Class(url('/echo'));
    say('own', Reflect.ownKeys(socket).length, Object.keys(socket).length, JSON.stringify(socket), Object.isExtensible(socket));
    socket.close();
  },

  'shows the same names to for-in'({ Class, say, url }) {
    const socket = new Class(url('/echo'));
    const names = [];
    for (const name in socket) if (!OURS.includes(name)) names.push(name);
    say('for-in', names.sort().join());
    socket.close();
  },

  'is an EventTarget by its prototypes'({ Class, say, url }) {
    const socket = new Class(url('/echo'));
    say('prototypes', Object.getPrototypeOf(Class) === EventTarget, Object.getPrototypeOf(Class.prototype) === EventTarget.prototype);
    say('instance', socket instanceof EventTarget, socket instanceof Class, Object.getPrototypeOf(socket) === Class.prototype);
    say('constructor', socket.constructor === Class, Class.prototype.constructor === Class);
    socket.close();
  },

  'has the class string'({ Class, say, url }) {
    const socket = new Class(url('/echo'));
    const toString = Object.prototype.toString;
    say('strings', toString.call(socket), String(socket), `${Class.prototype}`, socket[Symbol.toStringTag]);
    say('function', toString.call(Class));
    socket.close();
  },

  'wants new and one argument'({ Class, attempt, url }) {
    attempt('no new', () => Class(url('/echo')));
    attempt('call', () => Class.call({}, url('/echo')));
    attempt('no argument', () => new Class());
    attempt('Reflect.construct without', () => Reflect.construct(Class, []));
  },

  'has constants that nothing changes'({ Class, attempt, say, url }) {
    const socket = new Class(url('/echo'));
    for (const name of CONSTANTS) {
      for (const [label, holder] of [
        ['class', Class],
        ['prototype', Class.prototype],
        ['socket', socket],
      ]) {
        say(`${label}.${name}`, holder[name], name in holder);
        attempt('  assign', () => (holder[name] = 9));
        attempt('  delete', () => delete holder[name]);
        attempt('  define', () => Reflect.defineProperty(holder === socket ? Class : holder, name, { value: 9 }));
        say('  still', holder[name]);
      }
    }
    socket.close();
  },

  'has read-only attributes'({ Class, attempt, say, url }) {
    const socket = new Class(url('/echo'));
    for (const name of ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol']) {
      attempt(`assign ${name}`, () => (socket[name] = 'x'));
      say('  sloppy', Reflect.set(socket, name, 'x'), socket[name]);
    }
    socket.close();
  },

  'throws a TypeError from every member on another object'({ Class, attempt }) {
    const others = { undefined: undefined, null: null, object: {}, prototype: Class.prototype, target: new EventTarget(), number: 5 };
    for (const [label, member] of functionsOf(Class.prototype)) {
      for (const [name, other] of Object.entries(others)) attempt(`${label} on ${name}`, () => Reflect.apply(member, other, ['x']));
    }
  },

  'asks whose it is before it converts'({ Class, attempt, say }) {
    const loud = {
      toString() {
        say('converted');
        return 'x';
      },
    };
    for (const [label, member] of functionsOf(Class.prototype)) {
      if (!label.startsWith('get ')) attempt(label, () => Reflect.apply(member, {}, [loud]));
    }
  },

  'has members that are no constructors'({ Class, attempt }) {
    for (const [label, member] of functionsOf(Class.prototype)) attempt(label, () => new member('x'));
  },

  'works through the prototype, as through the object'({ Class, attempt, say, url }) {
    const socket = new Class(url('/echo'));
    const { get } = Object.getOwnPropertyDescriptor(Class.prototype, 'url');
    attempt('url', () => get.call(socket) === socket.url);
    const heard = () => {};
    const { set } = Object.getOwnPropertyDescriptor(Class.prototype, 'onopen');
    attempt('set onopen', () => set.call(socket, heard));
    say('onopen', socket.onopen === heard);
    attempt('send', () => Class.prototype.send.call(socket, 'early'));
    attempt('close', () => Class.prototype.close.call(socket));
    say('state', socket.readyState);
  },

  'cannot be cloned'({ Class, attempt, url }) {
    const socket = new Class(url('/echo'));
    attempt('structuredClone', () => structuredClone(socket));
    socket.close();
  },

  'returns nothing from send and close'({ Class, say, attempt, url, next, end }) {
    const socket = new Class(url('/echo'));
    return next(socket, 'open').then(() => {
      attempt('send', () => socket.send('x'));
      attempt('close', () => socket.close());
      say('state', socket.readyState);
      return end(socket);
    });
  },
});
