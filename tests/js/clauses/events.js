// WHATWG WebSockets §4: the events, what they carry, and when they come.

import { clauses } from '../transcript.js';

/** What every event of synthetic making must have: it was made by a script. In the table of differences, as are the times. */
const UNEQUAL = ['isTrusted', 'timeStamp', 'originalTarget', 'explicitOriginalTarget'];
/** Its value is told; that ours is the event's own as well is in that table, too. */
const OWN = ['origin'];

/** Tells every property of an event. */
function dump(t, event, socket) {
  t.say(event.type, event.constructor.name, Object.prototype.toString.call(event));
  for (const name of namesOf(event)) {
    const value = event[name];
    if (typeof value === 'function' || UNEQUAL.includes(name)) continue;
    if (value === socket) t.say(`  ${name}`, 'the socket');
    else if (Array.isArray(value)) t.say(`  ${name}`, value, Object.isFrozen(value), event[name] === value);
    else t.say(`  ${name}`, value);
  }
  t.say('  path', event.composedPath().length, event.composedPath()[0] === socket);
  event.preventDefault();
  t.say(
    '  prevented',
    event.defaultPrevented,
    'own',
    Reflect.ownKeys(event)
      .filter((key) => !UNEQUAL.includes(key) && !OWN.includes(key))
      .map(String),
  );
}

const namesOf = (event) => {
  const names = [];
  for (const name in event) names.push(name);
  return names.sort();
};

clauses('an event', {
  async 'has the same properties'(t) {
    const socket = new t.Class(t.url('/echo'));
    socket.binaryType = 'arraybuffer';
    const seen = [];
    for (const type of ['open', 'message', 'close']) {
      socket.addEventListener(type, (event) => {
        dump(t, event, socket);
        seen.push(event);
      });
    }
    socket.addEventListener('open', () => socket.send('text'));
    let count = 0;
    socket.addEventListener('message', () => {
      count += 1;
      if (count === 1) socket.send(Uint8Array.of(1, 2));
      else socket.close(4000, 'bye');
    });
    await t.end(socket);
    const failed = new t.Class(t.refused);
    failed.addEventListener('error', (event) => dump(t, event, failed));
    failed.addEventListener('close', (event) => dump(t, event, failed));
    await t.end(failed);
    for (const event of seen)
      t.say('later', event.type, event.eventPhase, event.currentTarget, event.target === socket, event.composedPath().length);
  },

  async 'is window.event while it is told'(t) {
    const socket = new t.Class(t.url('/echo'));
    socket.addEventListener('open', (event) => {
      t.say('event', globalThis.event === event);
      socket.close();
    });
    await t.end(socket);
    t.say('after', globalThis.event === undefined);
  },

  async 'has data that is the same at each look'(t) {
    const socket = await t.opened();
    for (const binaryType of ['arraybuffer', 'blob']) {
      socket.binaryType = binaryType;
      const message = t.next(socket, 'message');
      socket.send(Uint8Array.of(1));
      const event = await message;
      t.say('same', event.data === event.data, event.data);
    }
    await t.finish(socket);
  },

  async 'can be told again by hand'(t) {
    const socket = await t.opened();
    const message = t.next(socket, 'message');
    socket.send('x');
    const event = await message;
    let again = 0;
    socket.addEventListener('message', () => (again += 1));
    await new Promise((resolve) => setTimeout(resolve));
    t.attempt('dispatch', () => socket.dispatchEvent(event));
    t.say('again', again);
    await t.finish(socket);
  },

  async 'that is being told cannot be told again'(t) {
    const socket = new t.Class(t.url('/echo'));
    socket.onopen = (event) => {
      t.attempt('dispatch', () => socket.dispatchEvent(event));
      socket.close();
    };
    await t.end(socket);
  },

  'comes never inside of the call that causes it': async (t) => {
    const socket = t.open('/echo');
    t.say('constructed');
    await t.next(socket, 'open');
    socket.send('x');
    t.say('sent');
    await t.next(socket, 'message');
    socket.close();
    t.say('closed');
    await t.end(socket);
  },

  async 'finds the promises of the one before it settled'(t) {
    const socket = new t.Class(t.url('/flood?count=3&size=1'));
    for (const type of ['open', 'message', 'close']) {
      socket.addEventListener(type, () => {
        t.say(type);
        Promise.resolve().then(() => t.say(`after ${type}`));
      });
    }
    await t.end(socket);
  },

  async 'reaches listeners that are added between construction and its task'(t) {
    const socket = new t.Class(t.url('/echo'));
    await null;
    t.watch(socket);
    await t.next(socket, 'open');
    socket.close();
    await t.end(socket);
  },

  async 'named open, close, error or message may be dispatched by anyone'(t) {
    const socket = t.open('/echo');
    await t.next(socket, 'open');
    socket.onmessage = ({ data }) => t.say('handler', data);
    t.attempt('dispatch', () => socket.dispatchEvent(new MessageEvent('message', { data: 'made', origin: 'http://made' })));
    t.attempt('close', () => socket.dispatchEvent(new CloseEvent('close', { code: 1234, reason: 'made', wasClean: true })));
    t.attempt('other', () => socket.dispatchEvent(new CustomEvent('other', { detail: 1 })));
    t.attempt('no event', () => socket.dispatchEvent({}));
    t.state(socket);
    socket.close();
    await t.end(socket);
  },
});

const MOMENTS = {
  'an exchange and a clean close': ['/echo', ['chat.v1'], (socket) => ['a', 'é', ''].forEach((word) => socket.send(word))],
  'a close in the middle of an exchange': ['/echo', [], (socket) => (socket.send('never seen'), socket.close(4000, 'bye'))],
  'a close of the peer': ['/close?code=4567&reason=why', [], () => {}],
  'a close of the peer without a code': ['/close', [], () => {}],
  'a flood, then a close of the peer': ['/flood?count=20&size=10', [], () => {}],
  'a connection that is cut': ['/cut', [], (socket) => socket.send('cut me')],
  'a handshake that is answered 404': ['/status/404', [], () => {}],
  'a handshake that is answered 200': ['/status/200', [], () => {}],
  'a handshake that is answered 401': ['/status/401', [], () => {}],
  'a handshake that is answered 302': ['/fault/status-302', [], () => {}],
  'a connection of fragments and pings': [
    '/fragment?size=1&pings=yes',
    [],
    (socket) => (socket.send('aé€𝄞'), socket.send('x'), socket.send('')),
  ],
  'a subprotocol that the server does not know': ['/echo', ['unknown'], (socket) => socket.close()],
};
// A few of each kind: `tests/faults/table.md` has what comes of every one.
const FAULTS = [
  'accept-wrong',
  'frame-rsv1',
  'utf8-first',
  'close-1005',
  'close-999',
  'opcode-3',
  'length-2-63',
  'fin-after-open',
  'rst-after-open',
];
for (const fault of FAULTS) MOMENTS[`the fault ${fault}`] = [`/fault/${fault}?after=client`, [], (socket) => socket.send('x')];

clauses(
  'the story of',
  Object.fromEntries(
    Object.entries(MOMENTS).map(([title, [path, protocols, act]]) => [
      title,
      async (t) => {
        const socket = t.open(path, protocols);
        t.state(socket);
        let answers = 0;
        socket.addEventListener('open', () => act(socket));
        socket.addEventListener('message', () => {
          answers += 1;
          if (answers === 3 && !path.startsWith('/flood')) socket.close(1000, 'done');
        });
        await t.end(socket);
        t.state(socket);
      },
    ]),
  ),
);

clauses('a refused connection', {
  async 'is told as one that fails'(t) {
    await t.end(t.open(t.refused));
  },

  async 'by TLS is told as one that fails'(t) {
    await t.end(t.open(t.refused.replace('ws:', 'wss:')));
  },
});

clauses('the end of the peer', {
  async 'carries the code that it gave'(t) {
    for (const query of [
      'code=1000&reason=bye',
      'code=1001',
      'code=1008&reason=policy',
      'code=1011',
      'code=3000',
      'code=4321&reason=%E2%82%AC',
    ]) {
      await t.end(t.open(`/close?${query}`));
    }
  },
});
