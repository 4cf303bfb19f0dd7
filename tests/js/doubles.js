// Which class of the platform's a connection stands on: the one of the moment, or the one that is named. Test doubles come after the import.

import { assert } from 'chai';
import { Channel, WebSocket } from 'websocket-channel';
import { finish, next, opened, url } from './server.js';

const Browser = globalThis.WebSocket;

/** A stand-in that is an `EventTarget` and no more: nothing calls its `onopen`. A test plays the peer. */
class Double extends EventTarget {
  static made = [];
  readyState = 0;
  bufferedAmount = 0;
  protocol = '';
  extensions = '';
  binaryType = 'blob';
  sent = [];

  constructor(address) {
    super();
    this.url = `${address}`;
    Double.made.push(this);
  }

  tell(type, readyState, init) {
    this.readyState = readyState;
    this.dispatchEvent(Object.assign(new Event(type), init));
  }

  send(data) {
    this.sent.push(data);
  }

  // Within the call, as Node 24 does while it connects.
  close(code = 1005, reason = '') {
    if (this.readyState === 3) return;
    this.tell('close', 3, { code, reason, wasClean: true });
    // As Node 24, too.
    this.readyState = 2;
  }
}

/** Runs `action` while the global is `Class`. */
async function installed(Class, action) {
  globalThis.WebSocket = Class;
  Double.made = [];
  try {
    return await action();
  } finally {
    globalThis.WebSocket = Browser;
  }
}

/** Every event of a socket, as words. */
function storyOf(socket) {
  const words = [];
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, (event) => {
      const details = type === 'close' ? [event.code, event.reason, event.wasClean] : type === 'message' ? [event.data] : [];
      words.push([type, ...details, socket.readyState].join(' '));
    });
  }
  return words;
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** The two ways to say which class. */
const WAYS = {
  'a global that was replaced after the import': (action) => installed(Double, () => action({})),
  'the option WebSocket': (action) => {
    Double.made = [];
    return action({ WebSocket: Double });
  },
};

for (const [way, using] of Object.entries(WAYS)) {
  describe(way, () => {
    it('is used by the class', () =>
      using(async (options) => {
        const socket = new WebSocket('ws://nowhere.invalid/', [], options);
        const story = storyOf(socket);
        const [double, ...more] = Double.made;
        assert.deepEqual([double.url, more.length, socket.url], ['ws://nowhere.invalid/', 0, 'ws://nowhere.invalid/']);
        double.tell('open', 1);
        socket.send('out');
        double.tell('message', 1, { data: 'in' });
        double.tell('close', 3, { code: 4401, reason: 'who', wasClean: true });
        assert.deepEqual(double.sent, ['out']);
        assert.deepEqual(story, ['open 1', 'message in 1', 'close 4401 who true 3']);
      }));

    it('is used by the channel', () =>
      using(async (options) => {
        // A class that is named goes before the browser's stream.
        for (const transport of options.WebSocket ? ['websocket', 'auto'] : ['websocket']) {
          const channel = new Channel('ws://nowhere.invalid/', { codec: 'text', transport, ...options });
          await turn();
          const double = Double.made.at(-1);
          double.tell('open', 1);
          await channel.send('out');
          double.tell('message', 1, { data: 'in' });
          assert.deepEqual((await channel[Symbol.asyncIterator]().next()).value, 'in');
          assert.deepEqual(double.sent, ['out']);
          double.tell('close', 3, { code: 4401, reason: 'who', wasClean: true });
          assert.equal((await channel.closed).code, 4401);
        }
      }));
  });
}

describe('which class', () => {
  it('is each time the one of that moment', async () => {
    await installed(Double, () => new WebSocket('ws://nowhere.invalid/'));
    assert.lengthOf(Double.made, 1);
    await finish(await opened(new WebSocket(url('/echo'))));
    await installed(Double, () => new WebSocket('ws://nowhere.invalid/'));
    assert.lengthOf(Double.made, 1);
  });

  it('is not ours, when a program puts that in the place of the global', async () => {
    for (const Class of [WebSocket, class Mine extends WebSocket {}, new Proxy(WebSocket, {})]) {
      await installed(Class, async () => {
        await finish(await opened(new globalThis.WebSocket(url('/echo'))));
        const channel = new Channel(url('/echo'), { codec: 'text' });
        await channel.send('there');
        assert.equal((await channel[Symbol.asyncIterator]().next()).value, 'there');
        await channel.close();
      });
    }
  });

  it('is not the class of another copy of the package that is built on this one', async () => {
    const copy = await import('./websocket-channel.js?copy=of-doubles');
    await installed(copy.WebSocket, async () => {
      await finish(await opened(new WebSocket(url('/echo'))));
      await finish(await opened(new copy.WebSocket(url('/echo'))));
    });
  });

  it('is a class, else it is a TypeError', () => {
    for (const Class of ['WebSocket', {}, 1]) {
      assert.throws(() => new WebSocket(url('/echo'), [], { WebSocket: Class }), TypeError, 'WebSocket');
      assert.throws(() => new Channel(url('/echo'), { WebSocket: Class }), TypeError, 'WebSocket');
    }
    for (const options of ['text', 5, true, Symbol('x')])
      assert.throws(() => new WebSocket(url('/echo'), [], options), TypeError, 'options');
  });
});

describe('a class of the platform that breaks the rules of the end', () => {
  const made = () => {
    Double.made = [];
    const socket = new WebSocket('ws://nowhere.invalid/', [], { WebSocket: Double });
    return [socket, storyOf(socket), Double.made[0]];
  };
  const END = ['error 3', 'close 1006  false 3'];

  it('error without close, in whatever state', async () => {
    for (const readyState of [0, 1, 2, 3]) {
      const [socket, story, double] = made();
      double.tell('error', readyState);
      await next(socket, 'close');
      double.tell('error', readyState);
      double.tell('close', 3, { code: 1000, reason: 'late', wasClean: true });
      await turn();
      assert.deepEqual(story, END);
    }
  });

  it('error twice, once within a close() that the listener of the first calls', async () => {
    const [socket, story, double] = made();
    double.close = () => double.tell('error', 2);
    socket.addEventListener('error', () => socket.close());
    double.tell('error', 0);
    await next(socket, 'close');
    await turn();
    assert.deepEqual(story, END);
  });

  it('error and close within close(), and then a step back', async () => {
    const [socket, story, double] = made();
    double.close = () => {
      double.tell('error', 3);
      double.tell('close', 3, { code: 1006, reason: '', wasClean: false });
      double.readyState = 2;
    };
    socket.close();
    assert.deepEqual([socket.readyState, story], [2, []]);
    await next(socket, 'close');
    await turn();
    assert.deepEqual(story, END);
    assert.equal(socket.readyState, 3);
  });

  it('close within send()', async () => {
    const [socket, story, double] = made();
    double.tell('open', 1);
    double.send = () => double.close(4000, 'enough');
    socket.send('one too many');
    assert.deepEqual([socket.readyState, story], [2, ['open 1']]);
    await next(socket, 'close');
    assert.deepEqual(story, ['open 1', 'close 4000 enough true 3']);
  });

  it('code 0, and close while OPEN', async () => {
    const [, story, double] = made();
    double.tell('open', 1);
    double.tell('close', 1, { code: 0, reason: '', wasClean: false });
    assert.deepEqual(story, ['open 1', 'close 1006  false 3']);
  });
});
