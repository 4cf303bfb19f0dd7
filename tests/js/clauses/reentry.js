// Calls from inside of calls: listeners, conversions and getters that use the socket they are asked for.

import { clauses } from '../transcript.js';

clauses('re-entry', {
  async 'a listener sends, closes and opens another'(t) {
    const socket = new t.Class(t.url('/echo'));
    const other = await new Promise((resolve) => {
      socket.onopen = () => socket.send('1');
      socket.onmessage = ({ data }) => {
        t.say('data', data, socket.bufferedAmount);
        if (data.length < 4) socket.send(`${data}${data}`);
        else socket.close(4000, 'enough');
      };
      socket.onclose = ({ code }) => {
        t.say('close', code);
        resolve(t.open('/echo'));
      };
    });
    await t.next(other, 'open');
    await t.finish(other);
  },

  async 'a conversion of send closes'(t) {
    const socket = t.open('/echo');
    await t.next(socket, 'open');
    const before = socket.bufferedAmount;
    t.attempt('send', () =>
      socket.send({
        toString() {
          socket.close(3000, 'from inside');
          return 'abc';
        },
      }),
    );
    t.say('grew by', socket.bufferedAmount - before);
    t.state(socket);
    await t.end(socket);
  },

  async 'a conversion of send sends'(t) {
    const socket = t.open('/echo');
    await t.next(socket, 'open');
    const second = new Promise((resolve) => socket.addEventListener('message', ({ data }) => data === 'outer' && resolve()));
    t.attempt('send', () =>
      socket.send({
        toString() {
          socket.send('inner');
          return 'outer';
        },
      }),
    );
    await second;
    await t.finish(socket);
  },

  async 'a conversion of close closes and sends'(t) {
    const socket = t.open('/echo');
    await t.next(socket, 'open');
    t.attempt('close', () =>
      socket.close(
        {
          valueOf() {
            socket.send('inner');
            return 3001;
          },
        },
        {
          toString() {
            socket.close(3002, 'inner');
            return 'outer';
          },
        },
      ),
    );
    t.state(socket);
    await t.end(socket);
  },

  async 'a conversion of the constructor constructs'(t) {
    let inner;
    const outer = new t.Class({
      toString() {
        inner = t.open('/echo');
        return t.url('/echo');
      },
    });
    t.say('both', outer.readyState, inner.readyState, outer !== inner);
    await t.finish(outer);
    await t.finish(inner);
  },

  async 'a conversion of binaryType sets it'(t) {
    const socket = new t.Class(t.url('/echo'));
    socket.binaryType = {
      toString() {
        socket.binaryType = 'arraybuffer';
        return 'nonsense';
      },
    };
    t.say('is', socket.binaryType);
    await t.finish(socket);
  },

  async 'a listener removes all, and sets others'(t) {
    const socket = new t.Class(t.url('/echo'));
    const late = () => t.say('late');
    socket.onmessage = () => t.say('attribute');
    socket.onopen = () => {
      t.say('open');
      socket.onopen = null;
      socket.onmessage = null;
      socket.removeEventListener('message', late);
      socket.addEventListener('message', ({ data }) => {
        t.say('new', data);
        socket.close();
      });
      socket.send('x');
    };
    socket.addEventListener('message', late);
    await t.end(socket);
  },

  async 'a listener dispatches by hand while the platform tells'(t) {
    const socket = new t.Class(t.url('/echo'));
    socket.addEventListener('open', (event) => {
      if (event.nested) return;
      const nested = Object.assign(new Event('open'), { nested: true });
      t.say('dispatch', socket.dispatchEvent(nested), event.eventPhase, nested.eventPhase);
      socket.close();
    });
    socket.onopen = ({ nested }) => t.say('heard', Boolean(nested));
    await t.end(socket);
  },

  async 'a close listener uses the socket that has ended'(t) {
    const socket = t.open('/close?code=3000');
    await new Promise((resolve) => {
      socket.addEventListener(
        'close',
        () => {
          t.attempt('send', () => socket.send('abc'));
          t.attempt('close', () => socket.close(4000, 'again'));
          t.attempt('bad close', () => socket.close(1));
          t.attempt('binaryType', () => (socket.binaryType = 'arraybuffer'));
          socket.onclose = () => {
            t.say('attribute set in the close listener');
            resolve();
          };
          t.attempt('by hand', () => socket.dispatchEvent(new Event('close')));
        },
        { once: true },
      );
    });
    t.state(socket);
  },

  async 'many sockets at once keep apart'(t) {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => t.opened()));
    const heard = sockets.map(() => []);
    await Promise.all(
      sockets.map(
        (socket, index) =>
          new Promise((resolve) => {
            socket.onmessage = ({ data }) => {
              heard[index].push(data);
              if (heard[index].length === 10) resolve();
            };
            for (let n = 0; n < 10; n += 1) socket.send(`${index}.${n}`);
          }),
      ),
    );
    for (const words of heard) t.say('heard', words);
    await Promise.all(sockets.map(t.finish));
  },
});
