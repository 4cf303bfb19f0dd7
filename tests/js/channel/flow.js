// What waits when the line is full, what is bounded, and what is dropped.

import { assert } from 'chai';
import { ChannelClosedError, SendError } from 'websocket-channel';
import { bytes } from '../payloads.js';
import { url } from '../server.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';
import { BY_STREAM, Channel, LARGEST } from './transport.js';

/** More than any buffer between here and a peer that does not read, or as much as is sent at all. */
const MUCH = bytes(Math.min(8 << 20, LARGEST));

/** Looks in every turn until it holds; the test's time limit is the end of patience. */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve));
}

/** A channel whose line is full: the peer reads a byte a second, and the browser holds more than the high-water mark. */
async function full() {
  const channel = new Channel(url('/slow?rate=1'), { codec: 'bytes', sendHighWaterMarkBytes: 1 << 20, closeTimeoutMs: 1 });
  await channel.send(MUCH);
  while (channel.trySend(MUCH)) await new Promise((resolve) => setTimeout(resolve));
  return channel;
}

describe('the send queue of a Channel', () => {
  it('makes send wait and trySend return false when it is full; the end rejects pending sends', async () => {
    const channel = await full();
    const waiting = channel.send(MUCH);
    const outcome = waiting.then(
      () => 'sent',
      (error) => error,
    );
    assert.isFalse(channel.trySend(bytes(1)));
    await channel.close();
    const error = await outcome;
    assert.instanceOf(error, SendError);
    assert.equal(error.code, 'NOT_OPEN');
    assert.strictEqual(error.value, MUCH);
  });

  it('is cancelled by a signal of the send, which sends nothing', async () => {
    const channel = await full();
    const abort = new AbortController();
    const waiting = channel.send(MUCH, { signal: abort.signal });
    abort.abort('enough');
    assert.equal(await waiting.catch((error) => error), 'enough');
    await channel.close();
  });

  it('takes a send whose signal never fires, or fires later', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text' });
    const abort = new AbortController();
    await channel.send('before open', { signal: abort.signal });
    await channel.send('after', { signal: abort.signal });
    abort.abort();
    assert.equal(await read(channel), 'before open');
    assert.equal(await read(channel), 'after');
    const error = await rejects(() => channel.send('too late', { signal: abort.signal }), DOMException);
    assert.equal(error.name, 'AbortError');
    await channel.send('still open');
    assert.equal(await read(channel), 'still open');
    await channel.close();
  });

  it('of a send that waits for open is cancelled, too', async () => {
    const channel = new Channel(url('/silent'), { codec: 'text', connectTimeoutMs: 0 });
    const abort = new AbortController();
    const waiting = channel.send('never', { signal: abort.signal });
    abort.abort();
    assert.equal((await rejects(() => waiting, DOMException)).name, 'AbortError');
    const closing = new AbortController();
    closing.abort();
    await rejects(() => channel.close(1000, '', { signal: closing.signal }), DOMException);
    assert.equal((await channel.closed).by, 'local');
  });

  it('is accepted by trySend while open, not before and not after', async () => {
    const channel = new Channel(url('/echo'), { codec: 'json' });
    assert.isFalse(channel.trySend('too early'));
    await channel.opened;
    assert.isTrue(channel.trySend({ n: 1 }));
    assert.deepEqual(await read(channel), { n: 1 });
    const failed = await rejects(async () => channel.trySend(undefined), SendError);
    assert.equal(failed.code, 'ENCODE_FAILED');
    await channel.close();
    const late = await rejects(async () => channel.trySend('late'), SendError);
    assert.deepEqual([late.code, late.value], ['NOT_OPEN', 'late']);
    const never = new Channel('ws://');
    await never.closed;
    assert.equal((await rejects(async () => never.trySend('x'), SendError)).code, 'NOT_OPEN');
  });

  it('says how many bytes that it took were not handed over', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes' });
    await channel.opened;
    assert.isTrue(channel.trySend(bytes(10)));
    assert.equal((await channel.close()).unsentBytes, 0);
  });
});

const flood = (count, then = 'stay') => url(`/flood?count=${count}&size=1000&then=${then}`);

/** All of a flood has arrived: its close came behind it. */
async function flooded(options) {
  const channel = new Channel(flood(100, 'close'), { codec: 'bytes', ...options });
  await channel.closed;
  return channel;
}

describe('an unread message', () => {
  it('is kept below it, and counted', async () => {
    const channel = await flooded({ receiveBufferBytes: 200_000 });
    const { queuedBytes, droppedMessages } = channel.status;
    assert.isAtLeast(queuedBytes, 100 * 1000);
    assert.equal(droppedMessages, 0);
    let count = 0;
    for await (const { length } of channel) count += length / 1000;
    assert.equal(count, 100);
    assert.equal(channel.status.queuedBytes, 0);
  });

  it('keeps its order through thousands of messages, read and unread in turn', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text' });
    const count = 5000;
    for (let n = 0; n < count; n += 1) await channel.send(`${10_000 + n}`);
    await until(() => channel.status.queuedBytes === count * 37);
    for (let n = 0; n < count; n += 1) {
      assert.equal(await read(channel), `${10_000 + n}`);
      if (n % 10 === 0) await channel.send(`${20_000 + n}`);
    }
    for (let n = 0; n < count; n += 10) assert.equal(await read(channel), `${20_000 + n}`);
    assert.equal(channel.status.queuedBytes, 0);
    await channel.close();
  });

  it('of text counts as UTF-8', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text', maxMessageBytes: 7 });
    await channel.send('aé€');
    await until(() => channel.status.queuedBytes > 0);
    assert.equal(channel.status.queuedBytes, 6 + 32);
    assert.equal(await read(channel), 'aé€');
    // Of one that is waited for, too: seven are taken, and eight are not.
    const [seven, end] = [read(channel), channel.closed];
    await channel.send('a€€');
    assert.equal(await seven, 'a€€');
    const eight = channel[Symbol.asyncIterator]().next();
    await channel.send('aa€€');
    assert.equal((await rejects(() => eight, ChannelClosedError)).code, 'MESSAGE_TOO_BIG');
    assert.equal((await end).code, 3009);
  });

  it('and is larger than maxMessageBytes closes the channel with 3009', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes', maxMessageBytes: 100 });
    await channel.send(bytes(100));
    assert.lengthOf(await read(channel), 100);
    await channel.send(bytes(101));
    const closed = await channel.closed;
    assert.deepEqual([closed.code, closed.by], [3009, 'local']);
  });
});

// Over a stream the peer waits instead: `over_stream.js`.
if (!BY_STREAM) {
  describe('a message past receiveBufferBytes', () => {
    it('closes the channel with 3013, and earlier messages can be read', async () => {
      const channel = new Channel(flood(100), { codec: 'bytes', receiveBufferBytes: 10_000 });
      const closed = await channel.closed;
      assert.deepEqual([closed.code, closed.by], [3013, 'local']);
      let count = 0;
      const error = await rejects(async () => {
        for await (const { length } of channel) count += length / 1000;
      }, ChannelClosedError);
      assert.deepEqual([error.code, error.closed], ['RECEIVE_BUFFER_FULL', closed]);
      assert.isAbove(count, 0);
      assert.isAtMost(count, 20);
    });

    for (const overflow of ['drop-oldest', 'drop-newest', 'latest']) {
      it(`is dropped and counted with overflow ${overflow}`, async () => {
        const channel = await flooded({ receiveBufferBytes: 10_000, overflow });
        let count = 0;
        for await (const { length } of channel) count += length / 1000;
        assert.isAbove(count, 0);
        assert.isBelow(count, 20);
        assert.equal(channel.status.droppedMessages + count, 100);
      });
    }

    for (const [overflow, bound, kept] of [
      ['drop-oldest', 3 * 33, ['7', '8', '9']],
      ['drop-newest', 3 * 33, ['0', '1', '2']],
      ['latest', 3 * 33, ['9']],
    ]) {
      it(`and dropped with overflow ${overflow} leaves the others in their order`, async () => {
        const channel = new Channel(url('/echo'), { codec: 'text', receiveBufferBytes: bound, overflow });
        for (let n = 0; n < 10; n += 1) await channel.send(`${n}`);
        await until(() => channel.status.droppedMessages === 10 - kept.length);
        assert.equal(channel.status.queuedBytes, kept.length * 33);
        const values = [];
        for (const _ of kept) values.push(await read(channel));
        assert.deepEqual(values, kept);
        await channel.close();
      });
    }
  });
}

describe('the time limit of close', () => {
  it('is closeTimeoutMs, after which the end is not clean', async () => {
    const channel = new Channel(url('/fault/close-unanswered'), { closeTimeoutMs: 50 });
    await channel.opened;
    const { code, wasClean, by } = await channel.close(4000, 'bye');
    assert.deepEqual([code, wasClean, by], [1006, false, 'local']);
    // It is what was asked for.
    for await (const _ of channel) assert.fail();
  });

  it('is a signal: the channel ends at once', async () => {
    const channel = new Channel(url('/fault/close-unanswered'), { closeTimeoutMs: 0 });
    await channel.opened;
    const abort = new AbortController();
    const closing = channel.close(4000, 'bye', { signal: abort.signal });
    abort.abort();
    assert.equal((await rejects(() => closing, DOMException)).name, 'AbortError');
    const { code, wasClean, by } = await channel.closed;
    assert.deepEqual([code, wasClean, by], [1006, false, 'local']);
  });
});

describe('the options of a Channel', () => {
  it('are checked before anything happens, and named', () => {
    for (const [name, bad] of [
      ['connectTimeoutMs', [-1, NaN, '5']],
      ['closeTimeoutMs', [-1, NaN, '5']],
      ['sendHighWaterMarkBytes', [-1, NaN, '5']],
      ['receiveBufferBytes', [-1, NaN, '5']],
      ['maxMessageBytes', [-1, NaN, '5']],
      ['overflow', ['grow', '', 1]],
      ['transport', ['carrier-pigeon', '', 1]],
      ['schema', [{}, { '~standard': {} }]],
      ['signal', [{}, new AbortController()]],
      ['codec', ['morse', { encode() {} }]],
    ]) {
      for (const value of bad) assert.throws(() => new Channel(url('/echo'), { [name]: value }), TypeError, name);
    }
    assert.throws(() => new Channel(), TypeError);
  });

  it('may be huge, or nothing', async () => {
    const huge = { sendHighWaterMarkBytes: Infinity, receiveBufferBytes: 2 ** 40, maxMessageBytes: Infinity, closeTimeoutMs: Infinity };
    for (const options of [undefined, null, {}, huge]) {
      const channel = new Channel(url('/echo'), options);
      await channel.send('hello');
      assert.equal(await read(channel), 'hello');
      await channel.close();
    }
  });

  it('of 0 bytes mean nothing beyond it: a send waits until all is out, any message is too large', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text', sendHighWaterMarkBytes: 0, maxMessageBytes: 0 });
    await channel.send('');
    assert.equal(await read(channel), '');
    await channel.send('x');
    assert.equal((await channel.closed).code, 3009);
  });
});
