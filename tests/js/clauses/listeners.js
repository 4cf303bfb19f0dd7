// DOM, EventTarget: `addEventListener` with its options on a socket, and what exceptions of listeners do.

import { clauses } from '../transcript.js';

/** Opens an echo, lets `listen` set things up, and sends `count` messages, one after another. */
async function several(t, count, listen) {
  const socket = await t.opened();
  listen(socket);
  for (let n = 0; n < count; n += 1) {
    const message = t.next(socket, 'message');
    socket.send(`${n}`);
    await message;
  }
  await t.finish(socket);
}

clauses('a listener', {
  'of once comes once': (t) =>
    several(t, 2, (socket) => socket.addEventListener('message', ({ data }) => t.say('once', data), { once: true })),

  'added twice comes once, and with capture it is another': (t) =>
    several(t, 1, (socket) => {
      const heard = ({ eventPhase }) => t.say('heard', eventPhase);
      for (const options of [undefined, false, {}, { capture: true }, true, { passive: true }])
        socket.addEventListener('message', heard, options);
    }),

  'that captures comes in its order': (t) =>
    several(t, 1, (socket) => {
      socket.addEventListener('message', () => t.say('first, bubbling'));
      socket.addEventListener('message', () => t.say('second, capturing'), true);
      socket.addEventListener('message', () => t.say('third, bubbling'));
    }),

  'with a signal ends with it': (t) =>
    several(t, 3, (socket) => {
      const controller = new AbortController();
      socket.addEventListener('message', ({ data }) => t.say('heard', data), { signal: controller.signal });
      socket.addEventListener('message', ({ data }) => data === '1' && controller.abort());
      socket.addEventListener('message', () => t.say('never'), { signal: AbortSignal.abort() });
    }),

  'that is passive cannot cancel': (t) =>
    several(t, 1, (socket) => {
      socket.addEventListener('message', (event) => {
        event.preventDefault();
        t.say('prevented', event.defaultPrevented, event.cancelable);
      });
      socket.addEventListener('made', (event) => event.preventDefault(), { passive: true });
      t.say('made', socket.dispatchEvent(new Event('made', { cancelable: true })));
    }),

  'that is an object has handleEvent called on it': (t) =>
    several(t, 2, (socket) => {
      const object = {
        handleEvent({ data }) {
          t.say('heard', this === object, data);
          object.handleEvent = () => t.say('replaced');
        },
      };
      socket.addEventListener('message', object);
    }),

  'that was removed does not come, nor one removed while the event is told': (t) =>
    several(t, 1, (socket) => {
      const [gone, later] = [() => t.say('gone'), () => t.say('later')];
      socket.addEventListener('message', gone);
      socket.removeEventListener('message', gone);
      socket.addEventListener('message', () => {
        t.say('removes');
        socket.removeEventListener('message', later);
      });
      socket.addEventListener('message', later);
    }),

  'that is added while the event is told waits for the next': (t) =>
    several(t, 2, (socket) => {
      socket.addEventListener('message', ({ data }) => {
        t.say('adds at', data);
        socket.addEventListener('message', ({ data }) => t.say('added, at', data), { once: true });
      });
    }),

  'stops those behind it': (t) =>
    several(t, 1, (socket) => {
      socket.addEventListener('message', (event) => {
        event.stopPropagation();
        t.say('first');
      });
      socket.addEventListener('message', () => t.say('second'));
      socket.dispatchEvent(new Event('made'));
      socket.addEventListener('made', (event) => event.stopImmediatePropagation());
      socket.addEventListener('made', () => t.say('never'));
      socket.dispatchEvent(new Event('made'));
    }),

  'is called on the socket, and on undefined never': (t) =>
    several(t, 1, (socket) => {
      socket.addEventListener('message', function (...args) {
        t.say('this', this === socket, args.length);
      });
    }),

  async 'is checked when it is added'(t) {
    const socket = new t.Class(t.url('/echo'));
    const { attempt } = t;
    attempt('null', () => socket.addEventListener('message', null));
    attempt('undefined', () => socket.addEventListener('message', undefined));
    attempt('number', () => socket.addEventListener('message', 5));
    attempt('string', () => socket.addEventListener('message', 'text'));
    attempt('nothing', () => socket.addEventListener());
    attempt('type alone', () => socket.addEventListener('message'));
    attempt('bad signal', () => socket.addEventListener('message', () => {}, { signal: null }));
    attempt('symbol', () => socket.addEventListener(Symbol('x'), () => {}));
    await t.finish(socket);
  },

  async 'that throws is reported to the window, and the socket goes on'(t) {
    const errors = await t.reported(() =>
      several(t, 2, (socket) => {
        socket.addEventListener('message', () => {
          throw new Error('on purpose 1');
        });
        socket.addEventListener('message', {
          get handleEvent() {
            throw new Error('on purpose 2');
          },
        });
        socket.addEventListener('message', ({ data }) => t.say('last', data));
      }),
    );
    t.say('reported', errors);
  },

  async 'that throws at open, error or close is reported as well'(t) {
    const errors = await t.reported(async () => {
      for (const path of ['/echo', t.refused]) {
        const socket = t.open(path);
        for (const type of ['open', 'error', 'close']) {
          socket.addEventListener(type, () => {
            throw new Error(`on purpose at ${type}`);
          });
        }
        socket.addEventListener('open', () => socket.close());
        await t.end(socket);
      }
    });
    t.say('reported', errors);
  },

  async 'that throws what is no error is reported with it'(t) {
    const errors = await t.reported(() =>
      several(t, 1, (socket) => {
        for (const value of ['text', 5, null]) {
          socket.addEventListener('message', () => {
            throw value;
          });
        }
      }),
    );
    t.say('reported', errors);
  },
});
