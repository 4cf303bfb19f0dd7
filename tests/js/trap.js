// Never poisoned: what goes wrong in the program leaves the instance as it is, and what goes wrong inside of it ends only its connections.

import { assert } from 'chai';
import { copyOfPackage } from './copy.js';
import { finish, next, opened, refused, url } from './server.js';

/** Every event of a socket, as words. */
function storyOf(socket) {
  const words = [];
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, (event) => {
      const details = type === 'close' ? [event.code, event.reason, event.wasClean] : type === 'error' ? [event.error?.code] : [];
      words.push([type, ...details, socket.readyState].join(' '));
    });
  }
  return words;
}

const LOST = ['error INTERNAL 3', 'close 1006 INTERNAL false 3'];

async function echoes(socket) {
  if (socket.readyState === 0) await opened(socket);
  const message = next(socket, 'message');
  socket.send('works');
  assert.equal((await message).data, 'works');
}

async function worksAgain(copy) {
  const socket = copy.socket(url('/echo'));
  await echoes(socket);
  await finish(socket);
}

/** What `action` makes `window.onerror` hear. */
async function reported(action) {
  const mochas = window.onerror;
  const errors = [];
  window.onerror = (_message, _file, _line, _column, error) => {
    errors.push(error);
    return true;
  };
  try {
    await action();
  } finally {
    window.onerror = mochas;
  }
  return errors;
}

describe('a trap', () => {
  it('in a call is thrown there, and ends every socket of the instance with INTERNAL', async () => {
    const copy = await copyOfPackage();
    const [one, other] = [copy.socket(url('/echo'), 'chat.v1'), copy.socket(url('/echo?other'))];
    await Promise.all([opened(one), opened(other)]);
    const stories = [one, other].map(storyOf);
    const ends = [one, other].map((socket) => next(socket, 'close'));

    copy.trapAt('.send(');
    let thrown;
    try {
      one.send('x');
    } catch (error) {
      thrown = error;
    }
    assert.instanceOf(thrown, copy.ChannelError);
    assert.equal(thrown.code, 'INTERNAL');
    assert.instanceOf(thrown.cause, copy.Trap);
    assert.deepEqual([one.readyState, other.readyState], [3, 3]);
    assert.deepEqual(stories, [[], []], 'an event came inside of the call');

    await Promise.all(ends);
    assert.deepEqual(stories, [LOST, LOST]);
    // The browser's own sockets were closed: the echo answers the closing handshake.
    await Promise.all(copy.natives.map((native) => native.readyState === 3 || next(native, 'close')));

    // What is known of them stays, and nothing throws.
    assert.deepEqual([one.url, one.protocol, other.url], [url('/echo'), 'chat.v1', url('/echo?other')]);
    const before = one.bufferedAmount;
    one.send('lost');
    assert.isAtLeast(one.bufferedAmount, before + 4);
    one.close(1000, 'late');
    one.binaryType = 'arraybuffer';
    assert.equal(one.binaryType, 'arraybuffer');
  });

  it('is followed by a fresh instance at the next construction, even within the call', async () => {
    const copy = await copyOfPackage();
    const first = await opened(copy.socket(url('/echo')));
    copy.trapAt('.send(');
    assert.throws(() => first.send('x'));
    const second = copy.socket(url('/echo'));
    await echoes(second);
    assert.lengthOf(copy.instances, 2);
    // And it is as good as the first: it may trap, too.
    copy.trapAt('.close(');
    assert.throws(() => second.close());
    await worksAgain(copy);
    assert.lengthOf(copy.instances, 3);
  });

  it('in an event is reported to the window, and the listeners of close hear of it', async () => {
    const copy = await copyOfPackage();
    // Its `open` is such an event; a message never gets to Rust.
    const socket = copy.socket(url('/echo'));
    const story = storyOf(socket);
    const errors = await reported(async () => {
      copy.trapAt('.call(');
      await next(socket, 'close');
    });
    assert.deepEqual(story, LOST);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['INTERNAL'],
    );
    await worksAgain(copy);
  });

  it('in the constructor is thrown by it', async () => {
    const copy = await copyOfPackage();
    const socket = await opened(copy.socket(url('/echo')));
    const end = next(socket, 'close');
    copy.trapAt('Reflect.construct(');
    assert.throws(() => copy.socket(url('/echo')), copy.ChannelError);
    assert.equal((await end).reason, 'INTERNAL');
    await worksAgain(copy);
  });

  it('while it connects ends the connection as well', async () => {
    const copy = await copyOfPackage();
    // In this order: Chromium lets the handshakes with one server wait for each other.
    const other = await opened(copy.socket(url('/echo')));
    const connecting = copy.socket(url('/silent'), [], { connectTimeoutMs: 100_000 });
    const story = storyOf(connecting);
    const end = next(connecting, 'close');
    copy.trapAt('.send(');
    assert.throws(() => other.send('x'));
    await end;
    assert.deepEqual(story, LOST);
    const native = copy.natives.at(-1);
    if (native.readyState !== 3) await next(native, 'close');
  });

  it('does not change a socket that had ended, or its attributes', async () => {
    const copy = await copyOfPackage();
    const ended = copy.socket(url('/close?code=3333&reason=before'), ['chat.v1']);
    const story = storyOf(ended);
    await next(ended, 'close');
    const open = await opened(copy.socket(url('/echo')));
    const end = next(open, 'close');
    copy.trapAt('.send(');
    assert.throws(() => open.send('x'));
    await end;
    assert.deepEqual(story, ['open 1', 'close 3333 before true 3']);
    assert.deepEqual([ended.readyState, ended.protocol], [3, 'chat.v1']);
    ended.close();
  });

  it('of one copy of the package is nothing to another', async () => {
    const [bad, good] = [await copyOfPackage(), await copyOfPackage()];
    const [victim, bystander] = [await opened(bad.socket(url('/echo'))), await opened(good.socket(url('/echo')))];
    bad.trapAt('.send(');
    assert.throws(() => victim.send('x'));
    await echoes(bystander);
    await finish(bystander);
  });

  it('may be an overflow of the stack: whatever it hits, the next construction works', async () => {
    const copy = await copyOfPackage();
    const socket = await opened(copy.socket(url('/echo')));
    // At every depth near the limit once.
    let attempts = 0;
    const deep = () => {
      try {
        deep();
      } finally {
        attempts += 1;
        if (attempts < 200) socket.send('x');
      }
    };
    assert.throws(deep);
    assert.isAtLeast(attempts, 200);
    await worksAgain(copy);
  });
});

describe('an exception of the program leaves the instance as it is', () => {
  it('in listeners, handlers and conversions', async () => {
    const copy = await copyOfPackage();
    const fail = () => {
      throw new Error('on purpose');
    };
    const errors = await reported(async () => {
      for (const address of [url('/echo'), refused]) {
        const socket = copy.socket(address);
        for (const type of ['open', 'message', 'error', 'close']) {
          socket.addEventListener(type, fail);
          socket[`on${type}`] = fail;
        }
        socket.addEventListener('open', () => {
          socket.send('x');
          assert.throws(() => socket.send({ toString: fail }), 'on purpose');
          assert.throws(() => socket.close({ valueOf: fail }), 'on purpose');
          assert.throws(() => (socket.binaryType = { toString: fail }), 'on purpose');
        });
        socket.addEventListener('message', () => socket.close());
        await next(socket, 'close');
      }
      assert.throws(() => copy.socket({ toString: fail }), 'on purpose');
      assert.throws(() => copy.socket(url('/echo'), [{ toString: fail }]), 'on purpose');
    });
    assert.isAbove(errors.length, 5);
    assert.isTrue(errors.every(({ message }) => message === 'on purpose'));
    await worksAgain(copy);
    assert.lengthOf(copy.instances, 1);
  });

  it('in a codec', async () => {
    const copy = await copyOfPackage();
    const fail = () => {
      throw new Error('on purpose');
    };
    const channel = copy.channel(url('/echo'), { codec: { encode: (value) => (value === 'bad' ? fail() : value), decode: fail } });
    await channel.opened;
    for (const [value, code] of [
      ['bad', 'ENCODE_FAILED'],
      ['good', undefined],
    ]) {
      const error = await channel.send(value).then(
        () => undefined,
        (thrown) => thrown,
      );
      assert.equal(error?.code, code);
    }
    const error = await channel[Symbol.asyncIterator]()
      .next()
      .catch((thrown) => thrown);
    assert.equal(error.code, 'DECODE_FAILED');
    await channel.close();
    await worksAgain(copy);
    assert.lengthOf(copy.instances, 1);
  });
});

describe('memory', () => {
  it('of Rust returns when sockets close, without a garbage collection', async () => {
    const copy = await copyOfPackage();
    const cycle = async () => {
      const sockets = Array.from({ length: 4 }, () => copy.socket(url('/echo')));
      for (const socket of sockets) socket.onmessage = () => socket.close();
      const ends = sockets.map((socket) => next(socket, 'close'));
      for (const socket of sockets) socket.onopen = () => socket.send('x'.repeat(1000));
      await Promise.all(ends);
      // Behind the listeners of close.
      await new Promise((resolve) => setTimeout(resolve));
    };
    await cycle();
    const [instance] = copy.instances;
    const first = [instance.references, instance.memory];
    for (let n = 0; n < 10; n += 1) await cycle();
    assert.deepEqual([instance.references, instance.memory], first);
    // They can be counted at all.
    const open = await opened(copy.socket(url('/echo')));
    assert.isAbove(instance.references, first[0]);
    await finish(open);
  });

  it('of Rust returns when a connection fails, or runs into its limit', async () => {
    const copy = await copyOfPackage();
    const cycle = async () => {
      await next(copy.socket(refused), 'close');
      await next(copy.socket(url('/silent'), [], { connectTimeoutMs: 50 }), 'close');
      await new Promise((resolve) => setTimeout(resolve));
    };
    await cycle();
    const [instance] = copy.instances;
    const first = [instance.references, instance.memory];
    for (let n = 0; n < 2; n += 1) await cycle();
    assert.deepEqual([instance.references, instance.memory], first);
  });
});
