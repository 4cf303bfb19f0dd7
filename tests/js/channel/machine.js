// The life of a Channel over a platform that tells its events in every order, also within a call.

import { assert } from 'chai';
import { Channel, ChannelClosedError, ConnectError, DecodeError, SendError } from 'websocket-channel';
import { overDouble } from './double.js';
import { rejects } from './rejection.js';

const lost = (by) => ({ code: 1006, reason: '', wasClean: false, by, unsentBytes: 0 });
/** What a promise has come to in the microtasks of now. */
async function settled(promise) {
  let outcome = 'pending';
  promise.then(
    (value) => (outcome = { value }),
    (error) => (outcome = { error }),
  );
  for (let turn = 0; turn < 20; turn += 1) await undefined;
  return outcome;
}
const task = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function all(channel) {
  const values = [];
  for await (const value of channel) values.push(value);
  return values;
}

describe('the life of a Channel', () => {
  const make = overDouble();

  it('has open and the end in one task: everything settles', async () => {
    const { channel, socket } = make();
    const reading = all(channel);
    socket.opens();
    assert.equal(channel.status.state, 'open');
    socket.ends(4401, { reason: 'token' });
    assert.equal(channel.status.state, 'closed');
    await channel.opened;
    const closed = { code: 4401, reason: 'token', wasClean: true, by: 'remote', unsentBytes: 0 };
    assert.deepEqual(await channel.closed, closed);
    assert.deepEqual(await channel.close(), closed);
    assert.deepEqual((await rejects(() => reading, ChannelClosedError)).closed, closed);
    assert.isTrue(socket.isLeft);
  });

  it('has messages between open and the end in one task', async () => {
    const { channel, socket } = make();
    socket.opens();
    socket.tells('a');
    socket.tells('b');
    socket.ends(1000);
    assert.deepEqual(await all(channel), ['a', 'b']);
  });

  for (const turns of [0, 1, 2, 3, 4, 5, 8]) {
    it(`has the end ${turns} microtasks after open`, async () => {
      const { channel, socket } = make();
      socket.opens();
      for (let turn = 0; turn < turns; turn += 1) await undefined;
      const next = channel[Symbol.asyncIterator]().next();
      socket.ends(1006);
      assert.deepEqual(await channel.closed, lost('error'));
      await rejects(() => next, ChannelClosedError);
      assert.equal(channel.status.state, 'closed');
    });
  }

  it('can send and read from the moment its status says open', async () => {
    const { channel, socket } = make();
    socket.opens();
    assert.equal(channel.status.state, 'open');
    assert.isTrue(channel.trySend('now'));
    assert.deepEqual(socket.sent, ['now']);
    socket.tells('answer');
    assert.deepEqual(await channel[Symbol.asyncIterator]().next(), { done: false, value: 'answer' });
    channel.abort();
  });

  it('dispatches each change once, outside of every call', async () => {
    const { channel, socket } = make();
    const seen = [];
    channel.status.addEventListener('change', () => seen.push(channel.status.state));
    socket.opens();
    assert.deepEqual(seen, []);
    await task();
    channel.close();
    assert.deepEqual(seen, ['open']);
    await task();
    socket.ends(1000);
    await channel.closed;
    await task();
    assert.deepEqual(seen, ['open', 'closing', 'closed']);
  });

  it('ends on an error without close before open, and has its message and its cause', async () => {
    const { channel, socket } = make();
    const cause = new TypeError('certificate has expired');
    socket.fails({ message: 'Received network error or non-101 status code.', error: cause });
    const error = await rejects(() => channel.opened, ConnectError);
    assert.equal(error.code, 'CONNECT_FAILED');
    assert.include(error.message, 'non-101 status code');
    assert.strictEqual(error.cause, cause);
    assert.deepEqual(await channel.closed, lost('error'));
    assert.isTrue(socket.isLeft);
  });

  it('ends on an error without close while open or closing', async () => {
    for (const begin of [() => {}, (channel) => void channel.close()]) {
      const { channel, socket } = make({ closeTimeoutMs: 60_000 });
      socket.opens();
      begin(channel);
      socket.fails();
      const { code, wasClean } = await channel.closed;
      assert.deepEqual([code, wasClean], [1006, false]);
      assert.isTrue(socket.isLeft);
    }
  });

  it('has the code of a close that comes with or soon after the error', async () => {
    const { channel, socket } = make();
    socket.opens();
    socket.fails();
    await task(1);
    socket.ends(1002, { reason: 'bad frame', wasClean: false });
    assert.deepEqual(await channel.closed, { ...lost('error'), code: 1002, reason: 'bad frame' });
  });

  it('has 1006 for the code 0 or none', async () => {
    for (const code of [0, undefined]) {
      const { channel, socket } = make();
      socket.opens();
      socket.ends(code, { wasClean: false, reason: undefined });
      assert.deepEqual(await channel.closed, lost('error'));
    }
  });

  it('reports a failure, however the platform reports an end while connecting', async () => {
    for (const code of [1000, 4401]) {
      const { channel, socket } = make();
      socket.ends(code);
      assert.equal((await rejects(() => channel.opened, ConnectError)).code, 'CONNECT_FAILED');
      assert.deepEqual(await channel.closed, lost('error'));
    }
  });

  it('is open where the platform is open from the start, whether it fires open later or not', async () => {
    const makeOpen = overDouble(
      (Class) =>
        class extends Class {
          readyState = 1;
          protocol = 'a';
        },
    );
    for (const later of [() => {}, (socket) => socket.opens('a')]) {
      const { channel, socket } = makeOpen({ protocols: ['a'] });
      assert.deepEqual(await channel.opened, { protocol: 'a', extensions: '' });
      await channel.send('x');
      assert.deepEqual(socket.sent, ['x']);
      const changes = [];
      channel.status.addEventListener('change', () => changes.push(channel.status.state));
      later(socket);
      channel.close();
      later(socket);
      assert.equal(channel.status.state, 'closing');
      socket.ends(1000);
      await channel.closed;
      await task();
      assert.deepEqual(changes, ['closed', 'closed']);
    }
  });

  for (const name of ['protocol', 'extensions']) {
    it(`fails where the platform throws when it is asked for its ${name}`, async () => {
      const cause = new Error('not implemented');
      const makeThrowing = overDouble(
        (Class) =>
          class extends Class {
            constructor(...args) {
              super(...args);
              Object.defineProperty(this, name, {
                get() {
                  throw cause;
                },
                set() {},
              });
            }
          },
      );
      const { channel, socket } = makeThrowing();
      const sending = rejects(() => channel.send('x'), SendError);
      socket.opens();
      const error = await rejects(() => channel.opened, ConnectError);
      assert.equal(error.code, 'CONNECT_FAILED');
      assert.include(error.message, 'not implemented');
      assert.strictEqual(error.cause, cause);
      assert.equal((await sending).code, 'NOT_OPEN');
      assert.deepEqual(await channel.closed, lost('error'));
      assert.isTrue(socket.isLeft);
    });
  }

  it('ends once where close() reports the end within the call', async () => {
    const tellsWithin = overDouble(
      (Class) =>
        class extends Class {
          close(...args) {
            const was = this.readyState;
            super.close(...args);
            if (was < 2) {
              if (was === 0) this.fails();
              this.ends(was === 0 ? 1006 : args[0]);
              this.readyState = 2;
            }
          }
        },
    );
    const connecting = tellsWithin();
    connecting.channel.close();
    assert.deepEqual(await connecting.channel.closed, lost('local'));
    const { channel, socket } = tellsWithin();
    socket.opens();
    const states = [];
    channel.status.addEventListener('change', () => states.push(channel.status.state));
    assert.deepEqual(await channel.close(4000), { code: 4000, reason: '', wasClean: true, by: 'local', unsentBytes: 0 });
    assert.equal(channel.status.state, 'closed');
    assert.equal(states.at(-1), 'closed');
    assert.isTrue(socket.isLeft);
  });

  it('answers a close that is reported while the platform is open', async () => {
    const { channel, socket } = make();
    socket.opens();
    socket.ends(4001, { readyState: 1 });
    await channel.closed;
    assert.equal(socket.closes[0][0], 4001);
  });

  it('ends after closeTimeoutMs when the peer does not answer, also where the platform began to close by itself', async () => {
    const { channel, socket } = make({ closeTimeoutMs: 20 });
    socket.opens();
    assert.deepEqual(await channel.close(), lost('local'));
    const other = make({ closeTimeoutMs: 20 });
    other.socket.opens();
    other.socket.readyState = 2;
    await rejects(() => other.channel.send('x'), SendError);
    assert.deepEqual(await other.channel.closed, lost('error'));
    assert.isTrue(other.socket.isLeft);
  });

  it('ends a loop without an error for a clean 1000 or 1005 only', async () => {
    for (const [code, wasClean] of [
      [1000, true],
      [1005, true],
    ]) {
      const { channel, socket } = make();
      socket.opens();
      socket.ends(code, { wasClean });
      assert.deepEqual(await all(channel), []);
    }
    for (const [code, wasClean] of [
      [1000, false],
      [1001, true],
      [1006, false],
      [1008, true],
      [1011, true],
      [1013, true],
      [3000, true],
      [4401, true],
    ]) {
      for (const read of [all, (channel) => channel.readable.getReader().read()]) {
        const { channel, socket } = make();
        socket.opens();
        const reading = read(channel);
        socket.ends(code, { wasClean });
        const error = await rejects(() => reading, ChannelClosedError, `${code}`);
        assert.deepEqual([error.code, error.closed.code], ['CHANNEL_CLOSED', code]);
      }
    }
  });

  it('does not take a 1001 without a reason for the peer’s', async () => {
    for (const [reason, by] of [
      ['', 'unknown'],
      ['restart', 'remote'],
    ]) {
      const { channel, socket } = make();
      socket.opens();
      socket.ends(1001, { reason });
      assert.equal((await channel.closed).by, by);
    }
  });

  it('says which of our limits ended it', async () => {
    for (const [code, options, close] of [
      ['MESSAGE_TOO_BIG', { maxMessageBytes: 3 }, 3009],
      ['RECEIVE_BUFFER_FULL', { receiveBufferBytes: 40 }, 3013],
    ]) {
      const { channel, socket } = make(options);
      socket.opens();
      socket.tells('one');
      socket.tells('more');
      assert.equal(socket.closes[0][0], close);
      socket.ends(close);
      const values = [];
      const error = await rejects(async () => {
        for await (const value of channel) values.push(value);
      }, ChannelClosedError);
      assert.deepEqual([error.code, error.closed.code, error.closed.by, values], [code, close, 'local', ['one']]);
    }
  });

  it('sends nothing after close() in the same turn', async () => {
    const { channel, socket } = make();
    socket.opens();
    const before = channel.send('before');
    const closing = channel.close();
    const after = channel.send('after');
    assert.equal(channel.status.state, 'closing');
    assert.equal((await rejects(() => after, SendError)).value, 'after');
    assert.throws(() => channel.trySend('after'), SendError);
    await before;
    assert.deepEqual(socket.sent, ['before']);
    socket.ends(1000);
    await closing;
  });

  it('gives up connecting at close(), and a loop ends', async () => {
    const { channel, socket } = make();
    const reading = all(channel);
    const sending = channel.send('never');
    const closing = channel.close();
    assert.equal(channel.status.state, 'closed');
    assert.lengthOf(socket.closes, 1);
    assert.deepEqual(await closing, lost('local'));
    const error = await rejects(() => channel.opened, ConnectError);
    assert.equal(error.code, 'CANCELLED');
    const unsent = await rejects(() => sending, SendError);
    assert.deepEqual([unsent.code, unsent.value, unsent.cause], ['NOT_OPEN', 'never', error]);
    assert.deepEqual(await reading, []);
    socket.opens();
    assert.equal(channel.status.state, 'closed');
    assert.deepEqual(socket.sent, []);
  });

  it('does not wait for the peer at break, return, throw and cancel', async () => {
    for (const leave of [
      async (channel) => {
        for await (const _ of channel) break;
      },
      async (channel) => {
        const values = channel[Symbol.asyncIterator]();
        await values.next();
        await values.return();
      },
      async (channel) => {
        const reader = channel.readable.getReader();
        await reader.read();
        await reader.cancel();
      },
    ]) {
      const { channel, socket } = make({ closeTimeoutMs: 60_000 });
      socket.opens();
      socket.tells('one');
      const left = await settled(leave(channel));
      assert.notEqual(left, 'pending');
      assert.equal(socket.closes[0][0], 1000);
      assert.equal(channel.status.state, 'closing');
      socket.ends(1000);
      assert.equal((await channel.closed).by, 'local');
    }
  });

  it('ends a pending write when the stream is aborted', async () => {
    const { channel, socket } = make({ sendHighWaterMarkBytes: 1 });
    socket.opens();
    const writer = channel.writable.getWriter();
    await writer.write('taken');
    socket.bufferedAmount = 5;
    const writing = writer.write('waits');
    writer.closed.catch(() => {});
    await task();
    const reason = new Error('enough');
    const aborting = writer.abort(reason);
    assert.strictEqual((await settled(writing)).error, reason);
    assert.notEqual(await settled(aborting), 'pending');
    assert.deepEqual(socket.sent, ['taken']);
    assert.equal(channel.status.state, 'closing');
    socket.ends(1000);
  });

  it('sends each message once to a platform that answers within send', async () => {
    const echoing = overDouble(
      (Class) =>
        class extends Class {
          send(message) {
            super.send(message);
            if (this.sent.length > 1000) throw new Error('again and again');
            this.tells(`echo ${message}`);
          }
        },
    );
    const { channel, socket } = echoing();
    const sending = ['a', 'b', 'c'].map((value) => channel.send(value));
    socket.opens();
    await Promise.all(sending);
    await channel.send('d');
    assert.deepEqual(socket.sent, ['a', 'b', 'c', 'd']);
    channel.close();
    assert.deepEqual(await all(channel), ['echo a', 'echo b', 'echo c', 'echo d']);
  });

  it('keeps the order of messages that a codec sends within send', async () => {
    const echoing = overDouble(
      (Class) =>
        class extends Class {
          send(message) {
            super.send(message);
            if (message === 'ask') this.tells('asked');
          }
        },
    );
    let made;
    const codec = {
      encode: (value) => value,
      decode: (message) => {
        made.channel.send('answer');
        return message;
      },
    };
    made = echoing({ codec });
    made.socket.opens();
    const next = made.channel[Symbol.asyncIterator]().next();
    await made.channel.send('ask');
    assert.equal((await next).value, 'asked');
    await made.channel.flush();
    assert.deepEqual(made.socket.sent, ['ask', 'answer']);
    made.channel.abort();
  });

  it('ends once with a platform that reports its end within close and stays open', async () => {
    const over = overDouble(
      (Class) =>
        class extends Class {
          close(...args) {
            this.closes.push(args);
            this.ends(1000, { readyState: 1 });
          }
        },
    );
    const { channel, socket } = over();
    socket.opens();
    const { code, wasClean, by } = await channel.close(1000, 'bye');
    assert.deepEqual([code, wasClean, by], [1000, true, 'local']);
    assert.isAtMost(socket.closes.length, 4);
  });

  it('ends with a platform that ends within send', async () => {
    const ending = overDouble(
      (Class) =>
        class extends Class {
          send(message) {
            super.send(message);
            this.ends(4000);
          }
        },
    );
    const { channel, socket } = ending();
    const sending = ['a', 'b'].map((value) => settled(channel.send(value)));
    socket.opens();
    const [a, b] = await Promise.all(sending);
    assert.deepEqual(a, { value: undefined });
    assert.equal(b.error.code, 'NOT_OPEN');
    assert.deepEqual(socket.sent, ['a']);
  });

  it('takes 100,000 sends before open, and gives them up, in time', async function () {
    // Quadratic queues take a minute.
    this.timeout(20_000);
    const { channel, socket } = make({ sendHighWaterMarkBytes: 1e9 });
    const many = 100_000;
    const sending = Array.from({ length: many }, (_, n) => channel.send(`${n}`));
    const abort = new AbortController();
    const given = Array.from({ length: 10_000 }, () => channel.send('never', { signal: abort.signal }).catch((error) => error.name));
    abort.abort();
    socket.opens();
    await Promise.all(sending);
    assert.lengthOf(socket.sent, many);
    assert.equal(socket.sent[many - 1], `${many - 1}`);
    assert.isTrue((await Promise.all(given)).every((name) => name === 'AbortError'));
    const reads = Array.from({ length: many }, () => channel[Symbol.asyncIterator]().next());
    for (let n = 0; n < many; n += 1) socket.tells('x');
    await Promise.all(reads);
    channel.abort();
  });

  for (const chosen of ['', 'A', 'c'])
    it(`rejects opened when subprotocols were offered and '${chosen}' was chosen`, async () => {
      const { channel, socket } = make({ protocols: ['a', 'b'] });
      socket.opens(chosen);
      const error = await rejects(() => channel.opened, ConnectError);
      assert.equal(error.code, 'SUBPROTOCOL');
      assert.include(error.message, 'a, b');
      assert.isAbove(socket.closes.length, 0);
      assert.deepEqual(await channel.closed, lost('error'));
      const other = make({ protocols: ['a', 'b'] });
      other.socket.opens('b');
      assert.equal((await other.channel.opened).protocol, 'b');
      other.channel.abort();
    });

  it('rejects with the reason of a signal, as fetch does', async () => {
    const reason = { why: 'left' };
    for (const [abort, expected] of [
      [(controller) => controller.abort(reason), (error) => assert.strictEqual(error, reason)],
      [(controller) => controller.abort(), (error) => assert.equal(error.name, 'AbortError')],
    ]) {
      const controller = new AbortController();
      const { signal } = controller;
      const gone = make({ signal });
      const sending = gone.channel.send('x');
      const { channel, socket } = make({ sendHighWaterMarkBytes: 1, closeTimeoutMs: 60_000 });
      socket.opens();
      await channel.send('fills');
      socket.bufferedAmount = 5;
      const waiting = channel.send('waits', { signal });
      const draining = channel.drained({ signal });
      abort(controller);
      for (const promise of [gone.channel.opened, waiting, draining, channel.send('late', { signal })]) {
        expected((await settled(promise)).error);
      }
      assert.equal((await rejects(() => sending, SendError)).value, 'x');
      const closing = channel.close(1000, '', { signal });
      expected((await settled(closing)).error);
      assert.deepEqual(await channel.closed, lost('local'));
      const other = make({ closeTimeoutMs: 60_000 });
      other.socket.opens();
      const later = new AbortController();
      const pending = other.channel.close(1000, '', { signal: later.signal });
      assert.equal(await settled(pending), 'pending');
      abort(later);
      expected((await settled(pending)).error);
      assert.deepEqual(await other.channel.closed, lost('local'));
    }
  });

  it('drops unread messages when its signal aborts', async () => {
    const controller = new AbortController();
    const { channel, socket } = make({ signal: controller.signal });
    socket.opens();
    socket.tells('one');
    socket.tells('two');
    controller.abort();
    assert.deepEqual(await all(channel), []);
    assert.equal(channel.status.queuedBytes, 0);
    socket.ends(1000);
    const later = new AbortController();
    const closing = make({ signal: later.signal });
    closing.socket.opens();
    closing.socket.tells('one');
    closing.channel.close();
    later.abort();
    assert.deepEqual(await all(closing.channel), []);
    closing.socket.ends(1000);
    const other = make();
    other.socket.opens();
    other.socket.tells('one');
    other.channel.abort();
    assert.deepEqual(await all(other.channel), []);
    assert.deepEqual(await other.channel.closed, lost('local'));
  });

  it('flushes and drains', async () => {
    const { channel, socket } = make({ sendHighWaterMarkBytes: 1 });
    const early = channel.flush();
    assert.equal(await settled(early), 'pending');
    socket.opens();
    await early;
    await channel.drained();
    await channel.send('fills');
    socket.bufferedAmount = 5;
    const [waiting, flushing, draining] = [channel.send('waits'), channel.flush(), channel.drained()];
    assert.equal(await settled(flushing), 'pending');
    assert.equal(channel.stats().bufferedAmount, 5);
    socket.bufferedAmount = 0;
    await Promise.all([waiting, flushing]);
    await draining;
    assert.deepEqual(socket.sent, ['fills', 'waits']);
    const { sentMessages, receivedMessages } = channel.stats();
    assert.deepEqual([sentMessages, receivedMessages], [2, 0]);
    socket.bufferedAmount = 5;
    await channel.send('again');
    const never = channel.drained();
    socket.ends(1006);
    assert.equal((await rejects(() => never, SendError)).code, 'NOT_OPEN');
    await rejects(() => channel.flush(), SendError);
  });

  it('takes null for a default, and names an argument that is wrong', async () => {
    const { channel, socket } = make({ protocols: null, signal: null, schema: null, connectTimeoutMs: null, overflow: null });
    socket.opens();
    await channel.send('x', null);
    await channel.send('x', { signal: null });
    socket.ends(1000);
    await channel.close(1000, '', null);
    for (const [args, name] of [
      [[], /URL/],
      [[undefined], /URL/],
      [[null], /URL/],
      [['ws://x/', { protocols: { headers: {} } }], /protocols/],
      [['ws://x/', { protocols: 5 }], /protocols/],
      [['ws://x/', { signal: {} }], /signal/],
      [['ws://x/', 'chat'], /options/],
    ]) {
      assert.throws(() => new Channel(...args), TypeError, name);
    }
    await rejects(() => channel.send('x', { signal: 5 }), TypeError);
  });

  it('has the bytes of every kind of view, and an error for what is neither text nor bytes', async () => {
    const { channel, socket } = make({ codec: 'raw' });
    socket.opens();
    const memory = Uint8Array.of(0, 1, 2, 3, 4, 5).buffer;
    const blob = new Blob(['abc']);
    for (const data of [new DataView(memory, 1, 3), new Uint16Array(memory, 2, 2), memory, blob, { length: 3 }, 5, 'text'])
      socket.tells(data);
    for (const bytes of [
      [1, 2, 3],
      [2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
    ])
      assert.deepEqual([...(await channel[Symbol.asyncIterator]().next()).value], bytes);
    for (const raw of [blob, { length: 3 }, 5]) {
      const error = await rejects(() => channel[Symbol.asyncIterator]().next(), DecodeError);
      assert.deepEqual([error.name, error.code, error.raw], ['DecodeError', 'DECODE_FAILED', raw]);
    }
    assert.equal((await channel[Symbol.asyncIterator]().next()).value, 'text');
    socket.ends(1000);
  });

  it('fails when a function gives no URL, or no subprotocols', async () => {
    for (const [url, protocols, words] of [
      [() => undefined, [], /URL returned undefined/],
      [async () => null, [], /URL returned null/],
      ['ws://double.invalid/', () => ({ headers: {} }), /protocols has to be a name/],
      ['ws://double.invalid/', () => 5, /protocols has to be a name/],
    ]) {
      const channel = new Channel(url, { protocols, WebSocket: class {} });
      const error = await rejects(() => channel.opened, ConnectError);
      assert.equal(error.code, 'PROVIDER_FAILED');
      assert.instanceOf(error.cause, TypeError);
      assert.match(error.cause.message, words);
    }
  });

  it('has an error of its own for a schema that gives no result', async () => {
    const { channel, socket } = make({ schema: { '~standard': { version: 1, vendor: 'test', validate: () => undefined } } });
    socket.opens();
    socket.tells('one');
    const error = await rejects(() => channel[Symbol.asyncIterator]().next(), DecodeError);
    assert.deepEqual([error.name, error.code, error.raw], ['DecodeError', 'SCHEMA_FAILED', 'one']);
    socket.ends(1000);
  });

  it('handles an event once when a double calls the handler and also dispatches', async () => {
    class Emitter extends EventTarget {
      static made = [];
      readyState = 0;
      bufferedAmount = 0;
      constructor() {
        super();
        Emitter.made.push(this);
      }
      emit(event) {
        this[`on${event.type}`]?.(event);
        this.dispatchEvent(event);
      }
      // It answers within the call.
      send(data) {
        this.emit(Object.assign(new Event('message'), { data: `answer to ${data}` }));
      }
      close() {}
    }
    const channel = new Channel('ws://double.invalid/', { codec: 'text', WebSocket: Emitter });
    channel.opened.then(() => channel.send('it'));
    const [socket] = Emitter.made;
    socket.readyState = 1;
    socket.emit(new Event('open'));
    const kick = Object.assign(new Event('message'), { data: 'once' });
    socket.emit(kick);
    await channel.flush();
    socket.readyState = 3;
    socket.emit(Object.assign(new Event('close'), { code: 1000, reason: '', wasClean: true }));
    assert.deepEqual(await all(channel), ['once', 'answer to it']);
  });

  it('copies bytes for a platform that keeps them', async () => {
    const { channel, socket } = make({ codec: 'bytes', sendHighWaterMarkBytes: 1 });
    socket.opens();
    const first = new Uint8Array(100_000).fill(1);
    await channel.send(first);
    first.fill(9);
    // From now on each has to wait.
    socket.bufferedAmount = 1;
    const waiting = [2, 3].map((value) => channel.send(new Uint8Array(100_000).fill(value)));
    socket.bufferedAmount = 0;
    socket.tells(Uint8Array.of(0));
    await Promise.all(waiting);
    socket.bufferedAmount = 1;
    const last = channel.send(new Uint8Array(90_000).fill(4));
    socket.bufferedAmount = 0;
    socket.tells(Uint8Array.of(0));
    await last;
    assert.deepEqual(
      socket.sent.map((bytes) => [...new Set(bytes)]),
      [[1], [2], [3], [4]],
    );
    socket.ends(1000);
  });

  it('refuses bytes that were transferred elsewhere, also where they would wait', async function () {
    if (!('detached' in ArrayBuffer.prototype)) this.skip();
    const { channel, socket } = make({ codec: 'bytes' });
    const bytes = new Uint8Array(4);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    for (const open of [false, true]) {
      if (open) socket.opens();
      assert.equal((await rejects(() => channel.send(bytes), SendError)).code, 'ENCODE_FAILED');
    }
    assert.deepEqual(socket.sent, []);
    socket.ends(1000);
  });

  it('settles a read when the reason of its signal is nothing', async () => {
    for (const reason of [null, 0, '', false]) {
      const controller = new AbortController();
      const { channel } = make({ signal: controller.signal });
      const read = channel[Symbol.asyncIterator]().next();
      controller.abort(reason);
      assert.deepEqual(await settled(read), { error: reason });
      assert.deepEqual(await settled(channel[Symbol.asyncIterator]().next()), { error: reason });
    }
  });

  it('explains the error of a method without its channel', async () => {
    const { channel } = make();
    for (const name of ['send', 'trySend', 'close', 'flush', 'drained', 'abort', 'stats']) {
      const { [name]: method } = channel;
      const error = await rejects(async () => method('x'), TypeError);
      assert.include(error.message, `channel.${name}()`);
    }
    channel.abort();
  });

  it('survives the return of its page from a cache or a freeze', async function () {
    if (!globalThis.document) this.skip();
    const { channel, socket } = make();
    socket.opens();
    const frozen = make();
    frozen.socket.opens();
    const seen = [];
    const listener = () => seen.push(channel.status.state, frozen.channel.trySend('in doubt'));
    window.addEventListener('resume', listener);
    window.dispatchEvent(new Event('resume'));
    window.removeEventListener('resume', listener);
    assert.deepEqual(seen, ['open', false]);
    const sending = frozen.channel.send('after the doubt');
    await sending;
    assert.deepEqual(frozen.socket.sent, ['after the doubt']);
    const unsent = [];
    const shown = () =>
      unsent.push(
        channel.status.state,
        channel.send('lost?').catch((error) => error),
      );
    window.addEventListener('pageshow', shown);
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
    assert.equal(channel.status.state, 'open');
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    window.removeEventListener('pageshow', shown);
    assert.equal(unsent[2], 'closed');
    const error = await unsent[3];
    assert.deepEqual([error.code, error.value], ['NOT_OPEN', 'lost?']);
    assert.deepEqual(await channel.closed, lost('error'));
    assert.deepEqual(socket.sent, ['lost?']);
  });

  // Node's `ws` throws an `error` that nobody listens to: it would end the process.
  for (const [how, giveUp] of [
    ['close()', (channel) => void channel.close()],
    ['abort()', (channel) => channel.abort()],
    ['a signal', (_, abort) => abort.abort()],
    ['a timeout', () => task(50)],
  ]) {
    it(`listens to the error of a platform that is given up by ${how}`, async () => {
      const unheard = [];
      const abort = new AbortController();
      const { channel, socket } = overDouble(
        (Class) =>
          class extends Class {
            close(...args) {
              super.close(...args);
              if (!this.onerror) unheard.push('within close');
              this.fails();
            }
          },
      )({ connectTimeoutMs: 20, signal: abort.signal });
      await giveUp(channel, abort);
      await channel.closed;
      assert.isNotEmpty(socket.closes);
      if (!socket.onerror) unheard.push('later');
      assert.deepEqual(unheard, []);
    });
  }
});
