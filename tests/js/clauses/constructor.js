// WHATWG WebSockets §3.1, the constructor: its arguments as Web IDL converts them, URLs, and subprotocols.

import { origin, refused } from '../server.js';
import { clauses } from '../transcript.js';

const host = new URL(origin).host;
const BAD_URLS = [
  'ws://',
  'ws://[',
  'ws://a b/',
  'ws://a^b/',
  'ws://127.0.0.1:65536/',
  'ws://127.0.0.1:x/',
  'ws:',
  'wss://',
  'ftp://127.0.0.1/',
  'mailto:a@b',
  'data:,x',
  'blob:x',
  'javascript:x',
  'about:blank',
  'ws://%/',
  'http://',
  'https://a b/',
  '//[',
];
// None may reach beyond this machine.
const GOOD_URLS = [
  `ws://${host}`,
  `WS://${host}/echo`,
  `ws://${host}/echo?a b`,
  `ws://${host}/echo?é=ü&lone=\ud800`,
  `ws://${host}/a/../echo`,
  `ws://${host}/./echo/%7e/%zz`,
  `ws://user:secret@${host}/echo`,
  `ws://user@${host}/echo`,
  `ws:${host}/echo`,
  `ws:/${host}/echo`,
  `ws:\\\\${host}\\echo`,
  `  ws://${host}/echo\n`,
  `ws://${host}/e\tcho`,
  `http://${host}/echo`,
  `HTTP://${host}/echo?x`,
  refused.replace('ws:', 'https:'),
  `ws://LOCALHOST:${host.split(':')[1]}/echo`,
  `ws://0x7f.1:${host.split(':')[1]}/echo`,
  `ws://[::1]:1/`,
  '/somewhere',
  'somewhere?x',
  '?only',
  '',
  '//127.0.0.1:1/x',
  '..',
];
const FRAGMENTS = ['#', '#part', '?x#', '#%', ' #x'];

/** Tells what becomes of `new Class(...args)`, and ends it. */
async function construct(t, label, ...args) {
  const socket = t.attempt(label, () => new t.Class(...args));
  if (!socket) return;
  t.say('  url', socket.url, socket.readyState, socket.protocol, socket.extensions, socket.bufferedAmount, socket.binaryType);
  await t.finish(socket);
}

clauses('the constructor and its URL', {
  async 'refuses what is no WebSocket URL'(t) {
    for (const bad of BAD_URLS) await construct(t, bad, bad);
  },

  async 'refuses every fragment'(t) {
    for (const fragment of FRAGMENTS) await construct(t, fragment, t.url(`/echo${fragment}`));
  },

  'parses and resolves'(t) {
    // Whether anyone answers is not the question, and some let a browser wait for long.
    for (const good of GOOD_URLS) {
      const socket = t.attempt(good, () => new t.Class(good));
      if (!socket) continue;
      t.say('  url', socket.url, socket.protocol, socket.extensions, socket.bufferedAmount, socket.binaryType);
      socket.close();
    }
  },

  async 'converts to a string'(t) {
    const { url, say } = t;
    await construct(t, 'a URL', new URL(url('/echo')));
    await construct(t, 'an object', { toString: () => url('/echo') });
    await construct(t, 'an array', [url('/echo')]);
    await construct(t, 'a String', new String(url('/echo')));
    for (const value of [undefined, null, 5, true, {}, []]) await construct(t, String(value), value);
    await construct(t, 'a symbol', Symbol('x'));
    await construct(t, 'one that throws', {
      toString() {
        throw new Error('on purpose');
      },
    });
    await construct(t, 'a valueOf', { valueOf: () => url('/echo'), toString: undefined });
    await construct(t, 'Symbol.toPrimitive', {
      [Symbol.toPrimitive](hint) {
        say('hint', hint);
        return url('/echo');
      },
    });
  },

  'resolves against the document, whose base may be another'(t) {
    const base = document.createElement('base');
    base.href = `http://${host}/deep/er/`;
    document.head.append(base);
    try {
      for (const relative of ['echo', '../echo', '/echo', '?x']) {
        const socket = new t.Class(relative);
        t.say(relative, socket.url);
        socket.close();
      }
    } finally {
      base.remove();
    }
  },
});

const loud = (say, word, value) => ({
  toString() {
    say('converts', word);
    return value;
  },
});

clauses('the constructor and its subprotocols', {
  async 'refuses bad ones'(t) {
    const bad = ['', ' ', 'a b', 'a,b', 'a/b', 'a:b', 'a@b', 'é', 'a\u007f', 'a\r\n', 'a\0', '(', '[]', '{}', '"', 'a\tb', '\ud800'];
    for (const protocol of bad) {
      await construct(t, JSON.stringify(protocol), t.url('/echo'), protocol);
      await construct(t, `[good, ${JSON.stringify(protocol)}]`, t.url('/echo'), ['good', protocol]);
    }
  },

  async 'takes every token'(t) {
    for (const good of ["!#$%&'*+-.^_`|~09azAZ", 'a', ['a', 'A'], ['x', 'chat.v1']]) await construct(t, String(good), t.url('/echo'), good);
  },

  async 'refuses doubles'(t) {
    for (const list of [
      ['a', 'a'],
      ['a', 'b', 'a'],
      ['chat.v1', 'chat.v1'],
    ]) {
      await construct(t, String(list), t.url('/echo'), list);
    }
  },

  async 'is a string or a sequence, as Web IDL tells them apart'(t) {
    const at = t.url('/echo');
    const cases = {
      undefined,
      null: null,
      number: 5,
      true: true,
      'empty array': [],
      array: ['chat.v1'],
      Set: new Set(['x', 'chat.v1']),
      String: new String('chat.v1'),
      object: {},
      'array-like': { length: 1, 0: 'chat.v1' },
      'no iterator': { [Symbol.iterator]: undefined, toString: () => 'chat.v1' },
      'null iterator': { [Symbol.iterator]: null, toString: () => 'chat.v1' },
      'iterator that is no function': { [Symbol.iterator]: 5 },
      'iterator of nothing': { [Symbol.iterator]: () => 5 },
      numbers: [1, 2],
      nested: [['a', 'b']],
      nulls: [null, undefined],
      symbols: [Symbol('x')],
      symbol: Symbol('x'),
      function: () => {},
      Map: new Map([['a', 'b']]),
      'typed array': Uint8Array.of(1, 2),
      'options of other runtimes': { protocols: ['chat.v1'] },
    };
    for (const [label, value] of Object.entries(cases)) await construct(t, label, at, value);
    await construct(
      t,
      'generator',
      at,
      (function* () {
        yield 'x';
        yield 'chat.v1';
      })(),
    );
  },

  async 'passes on what the conversion throws, in its order'(t) {
    const { say, url } = t;
    await construct(t, 'order', loud(say, 'url', url('/echo')), loud(say, 'protocol', 'chat.v1'));
    await construct(t, 'order in a list', loud(say, 'url', url('/echo')), [loud(say, 'first', 'a'), loud(say, 'second', 'chat.v1')]);
    await construct(t, 'bad URL, loud protocol', loud(say, 'url', 'ftp://x/'), loud(say, 'protocol', 'chat.v1'));
    await construct(t, 'throwing iterator', url('/echo'), {
      get [Symbol.iterator]() {
        say('asked for the iterator');
        throw new Error('on purpose 1');
      },
    });
    await construct(
      t,
      'throwing generator',
      url('/echo'),
      (function* () {
        yield 'a';
        throw new Error('on purpose 2');
      })(),
    );
    const element = {
      toString() {
        throw new Error('on purpose 3');
      },
    };
    await construct(t, 'throwing element', url('/echo'), [element]);
    const traps = {
      get: (target, key) => (say('get', key), Reflect.get(target, key)),
      has: (target, key) => (say('has', key), key in target),
    };
    await construct(t, 'proxy', url('/echo'), new Proxy(['chat.v1'], traps));
  },

  async 'tells which one the server chose'(t) {
    for (const protocols of [['unknown', 'chat.v1'], 'chat.v1', 'unknown', []]) {
      const socket = t.open('/echo', protocols);
      t.state(socket);
      socket.addEventListener('open', () => socket.close());
      await t.end(socket);
    }
  },
});
