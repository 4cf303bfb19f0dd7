// HTML, event handler attributes: `onopen`, `onmessage`, `onerror`, `onclose`.

import { clauses } from '../transcript.js';

const NAMES = ['onopen', 'onmessage', 'onerror', 'onclose'];

/** Opens an echo, lets `listen` set things up, and sends one message. What `say` is told in between is the transcript. */
async function one(t, listen) {
  const socket = await t.opened();
  listen(socket);
  const message = t.next(socket, 'message');
  socket.send('x');
  await message;
  t.say('told');
  await t.finish(socket);
}

clauses('a handler attribute', {
  async 'takes functions and objects, and nothing else'(t) {
    const socket = new t.Class(t.url('/echo'));
    const values = [() => {}, {}, [], new Date(), /x/, Object.create(null), new Proxy(() => {}, {}), class {}, socket];
    const nothing = [null, undefined, 0, 1, NaN, '', 'alert(1)', true, false, Symbol('x'), 5n];
    for (const name of NAMES) {
      t.say(name, socket[name]);
      for (const [index, value] of values.entries()) {
        socket[name] = value;
        t.say(`  ${index}`, socket[name] === value);
      }
      for (const value of nothing) {
        socket[name] = () => {};
        t.attempt('  nothing', () => void (socket[name] = value));
        t.say('  ', socket[name]);
      }
    }
    await t.finish(socket);
  },

  'is one per object'(t) {
    const [a, b] = [new t.Class(t.url('/echo')), new t.Class(t.url('/echo'))];
    a.onopen = () => {};
    t.say('other', b.onopen, t.Class.prototype.hasOwnProperty('onopen'));
    a.close();
    b.close();
  },

  'has its place from when it is first set': (t) =>
    one(t, (socket) => {
      socket.addEventListener('message', () => t.say('before'));
      socket.onmessage = () => t.say('replaced');
      socket.addEventListener('message', () => t.say('after'));
      socket.onmessage = () => t.say('attribute');
    }),

  'loses its place at null': (t) =>
    one(t, (socket) => {
      socket.onmessage = () => t.say('first');
      socket.addEventListener('message', () => t.say('listener'));
      socket.onmessage = null;
      socket.onmessage = () => t.say('attribute');
    }),

  'loses its place at a string, and keeps it at an object': (t) =>
    one(t, (socket) => {
      for (const value of ['text', {}]) {
        socket.onmessage = () => t.say('first');
        socket.addEventListener('message', () => t.say('listener', typeof value));
        socket.onmessage = value;
      }
      socket.onmessage = () => t.say('attribute');
    }),

  'is called with one event, on the socket': (t) =>
    one(t, (socket) => {
      socket.onmessage = function (...args) {
        t.say('called', args.length, this === socket, args[0].currentTarget === socket, args[0].type);
      };
    }),

  'is called beside the same function as a listener': (t) =>
    one(t, (socket) => {
      const both = () => t.say('called');
      socket.onmessage = both;
      socket.addEventListener('message', both);
      socket.removeEventListener('message', both);
      t.say('still', socket.onmessage === both);
    }),

  'is not called when it is an object, whatever it has': (t) =>
    one(t, (socket) => {
      socket.onmessage = { handleEvent: () => t.say('called'), call: () => t.say('called') };
    }),

  'may be a callable proxy': (t) =>
    one(t, (socket) => {
      socket.onmessage = new Proxy(() => t.say('target'), {
        apply(target, self, args) {
          t.say('applied', self === socket, args.length);
          return Reflect.apply(target, self, args);
        },
      });
    }),

  'replaced by a listener before it is the new one': (t) =>
    one(t, (socket) => {
      socket.addEventListener('message', () => (socket.onmessage = () => t.say('new')));
      socket.onmessage = () => t.say('old');
    }),

  'set to null by a listener before it is not called': (t) =>
    one(t, (socket) => {
      socket.addEventListener('message', () => (socket.onmessage = null));
      socket.onmessage = () => t.say('never');
      socket.addEventListener('message', () => t.say('last'));
    }),

  'set to null and again by a listener waits for the next event': (t) =>
    one(t, (socket) => {
      socket.addEventListener('message', () => {
        socket.onmessage = null;
        socket.onmessage = () => t.say('not now');
      });
      socket.onmessage = () => t.say('never');
      socket.addEventListener('message', () => t.say('last'));
    }),

  'set for the first time by a listener waits for the next event': (t) =>
    one(t, (socket) => {
      socket.addEventListener('message', () => (socket.onmessage = () => t.say('not now')));
    }),

  'may set itself to null': (t) =>
    one(t, (socket) => {
      socket.onmessage = () => {
        t.say('once');
        socket.onmessage = null;
      };
    }),

  async 'cancels by returning false, and only that'(t) {
    const socket = new t.Class(t.url('/echo'));
    for (const type of ['open', 'message', 'error', 'close', 'other']) {
      for (const value of [false, true, null, 0, '', undefined]) {
        socket[`on${type}`] = () => value;
        for (const cancelable of [true, false]) {
          const event = new Event(type, { cancelable });
          t.say(`${type} ${String(value)}`, socket.dispatchEvent(event), event.defaultPrevented);
        }
      }
      socket[`on${type}`] = null;
    }
    socket.onerror = (...args) => {
      t.say('arguments of error', args.length);
      return true;
    };
    const error = new ErrorEvent('error', { cancelable: true, message: 'm', error: 5 });
    t.say('ErrorEvent', socket.dispatchEvent(error), error.defaultPrevented);
    await t.finish(socket);
  },

  async 'that throws is reported, and the next is called'(t) {
    const errors = await t.reported(() =>
      one(t, (socket) => {
        socket.onmessage = () => {
          throw new Error('on purpose');
        };
        socket.addEventListener('message', () => t.say('next'));
      }),
    );
    t.say('reported', errors);
  },

  async 'each of the four hears its event'(t) {
    for (const path of ['/echo', t.refused]) {
      const socket = new t.Class(path.startsWith('ws') ? path : t.url(path));
      socket.onopen = (event) => {
        t.event(event);
        socket.send('x');
      };
      socket.onmessage = (event) => {
        t.event(event);
        socket.close(3000, 'seen');
      };
      socket.onerror = (event) => t.event(event);
      const end = new Promise((resolve) => {
        socket.onclose = (event) => {
          t.event(event);
          resolve();
        };
      });
      await end;
    }
  },
});
