// What a Channel does only over `WebSocketStream`, which holds the peer back.

import { assert } from 'chai';
import { ChannelClosedError, SendError } from 'websocket-channel';
import { bytes, firstDifference } from '../payloads.js';
import { command, gone, tag, url } from '../server.js';
import { broken } from './broken.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';
import { Channel, LARGEST } from './transport.js';

const MIB = 1 << 20;

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** The value of `look`, when it has been the same, and not 0, for so many looks. */
async function still(look) {
  let [value, same] = [0, 0];
  while (same < 50) {
    const now = await look();
    same = now === value && now > 0 ? same + 1 : 0;
    value = now;
  }
  return value;
}

/** Bytes that the server has written to the connection of this tag. */
async function sentTo(tag) {
  const { connections } = await command(`list?tag=${tag}`);
  return connections.reduce((sum, { sent }) => sum + sent, 0);
}

describe('a reader that stops reading', () => {
  /** Far more than sockets, pipes and the browser's own buffers hold. */
  const COUNT = 64;

  for (const [how, values] of [
    ['loop', (channel) => channel[Symbol.asyncIterator]()],
    ['stream', (channel) => readerOf(channel.readable)],
  ]) {
    it(`stops the server, and then loses nothing: a ${how}`, async () => {
      const tagged = tag();
      const options = { codec: 'bytes', receiveBufferBytes: MIB, overflow: 'drop-oldest' };
      const channel = new Channel(url(`/flood?count=${COUNT}&size=${MIB}&tag=${tagged}`), options);
      const source = values(channel);
      await channel.opened;
      assert.isBelow(await still(() => sentTo(tagged)), (COUNT / 2) * MIB);
      assert.isAtMost(channel.status.queuedBytes, 2 * (MIB + 32));
      for (let n = 0; n < COUNT; n += 1) {
        const { value } = await source.next();
        assert.lengthOf(value, MIB);
        assert.isTrue(value.every((byte) => byte === n));
      }
      assert.isTrue((await source.next()).done);
      assert.isAbove(await sentTo(tagged), COUNT * MIB);
      assert.equal(channel.status.droppedMessages, 0);
      assert.isTrue((await channel.closed).wasClean);
    });
  }

  /** A stream's reader, as an iterator. */
  function readerOf(readable) {
    const reader = readable.getReader();
    return { next: () => reader.read() };
  }

  it('is given every small message, though the peer closed before', async () => {
    const channel = new Channel(url('/flood?count=50&size=10'), { codec: 'bytes' });
    await channel.closed;
    for (let n = 0; n < 50; n += 1) assert.deepEqual([...(await read(channel))], Array(10).fill(n));
    assert.isTrue((await channel.closed).wasClean);
  });

  it('has one message waiting with a bound of 0', async () => {
    const channel = new Channel(url('/flood?count=50&size=1000'), { codec: 'bytes', receiveBufferBytes: 0 });
    assert.equal(await still(() => turn().then(() => channel.status.queuedBytes)), 1032);
    await channel.close();
  });

  it('reports an end that is not clean when messages were lost: Chromium drops unread messages when the peer closes', async () => {
    const tagged = tag();
    const channel = new Channel(url(`/flood?count=50&size=1000&tag=${tagged}`), { codec: 'bytes', receiveBufferBytes: 0 });
    await channel.opened;
    await gone(tagged);
    let count = 0;
    const error = await rejects(async () => {
      for await (const { length } of channel) count += length / 1000;
    }, ChannelClosedError);
    assert.isBelow(count, 50);
    assert.deepEqual([error.closed.code, error.closed.wasClean, error.closed.by], [1000, false, 'remote']);
  });

  it('does not hold the end back that it asked for', async () => {
    const channel = new Channel(url(`/flood?count=1000&size=${LARGEST}`), { codec: 'bytes', receiveBufferBytes: 1, closeTimeoutMs: 0 });
    while (channel.status.queuedBytes === 0) await turn();
    const { code, wasClean, by } = await channel.close(4000, 'enough');
    assert.deepEqual([code, wasClean, by], [4000, true, 'local']);
  });
});

describe('a sender over WebSocketStream', () => {
  it('refuses a message that is too large in bytes, and continues', async () => {
    const channel = new Channel(url('/echo'));
    // One character more than fits, and fewer UTF-16 units.
    for (const large of [bytes(LARGEST + 1), '€'.repeat(LARGEST / 3 + 1)]) {
      const error = await rejects(() => channel.send(large), SendError);
      assert.equal(error.code, 'SEND_REFUSED');
      assert.strictEqual(error.value, large);
    }
    const text = '€'.repeat(LARGEST / 3);
    await channel.send(text);
    assert.isTrue((await read(channel)) === text);
    await channel.close();
  });

  it('waits while the send buffer is full, and continues when it has space', async () => {
    const tagged = tag();
    const channel = new Channel(url(`/echo?tag=${tagged}`), { codec: 'bytes', sendHighWaterMarkBytes: LARGEST, receiveBufferBytes: 1 });
    const COUNT = 300;
    let sent = 0;
    const sending = (async () => {
      for (; sent < COUNT; sent += 1) await channel.send(bytes(LARGEST).fill(sent));
    })();
    await channel.opened;
    // Nobody reads the echo, so its server reads no more.
    const taken = await still(() => turn().then(() => sent));
    assert.isBelow(taken, COUNT);
    assert.isFalse(channel.trySend(bytes(1)));
    for (let n = 0; n < COUNT; n += 1) assert.equal(firstDifference(await read(channel), bytes(LARGEST).fill(n)), -1);
    await sending;
    await channel.close();
  });

  it('keeps bytes that wait in the browser, although their buffer changes', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes', sendHighWaterMarkBytes: 64 * MIB });
    await channel.opened;
    const [buffer, count] = [bytes(LARGEST), 200];
    for (let n = 0; n < count; n += 1) assert.isTrue(channel.trySend(buffer.fill(n)));
    buffer.fill(255);
    for (let n = 0; n < count; n += 1) {
      const value = await read(channel);
      assert.isTrue(value.length === LARGEST && value.every((byte) => byte === n), `${n}`);
    }
    await channel.close();
  });

  it('delivers messages before the close that follows them', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes', sendHighWaterMarkBytes: 64 * MIB });
    await channel.opened;
    // More than the browser takes at once: some of it waits when the close comes.
    for (let n = 0; n < (20 * MIB) / LARGEST; n += 1) assert.isTrue(channel.trySend(bytes(LARGEST)));
    const { code, reason, wasClean, by } = await channel.close(4000, 'behind');
    assert.deepEqual([code, reason, wasClean, by], [4000, 'behind', true, 'local']);
  });

  it('loses only the connection when it is cut after the largest message', async () => {
    for (let n = 0; n < 20; n += 1) {
      const tagged = tag();
      const channel = new Channel(url(`/sink?tag=${tagged}`), { codec: 'bytes' });
      await channel.send(bytes(LARGEST));
      await command(`cut?tag=${tagged}`);
      const { code, wasClean, by } = await channel.closed;
      assert.deepEqual([code, wasClean, by], [1006, false, 'error']);
    }
  });
});

describe('after a Channel over WebSocketStream has ended', () => {
  it('nothing is left at the server, if its instance was given up with unread messages and pending writes', async () => {
    const tagged = tag();
    const channel = new Channel(url(`/echo?tag=${tagged}`), { codec: 'bytes', sendHighWaterMarkBytes: 64 * MIB, receiveBufferBytes: 1 });
    const opening = new Channel(url(`/silent?tag=${tagged}`), { connectTimeoutMs: 0 });
    opening.opened.catch(() => {});
    await channel.opened;
    for (let n = 0; n < (20 * MIB) / LARGEST; n += 1) assert.isTrue(channel.trySend(bytes(LARGEST)));
    while ((await command(`list?tag=${tagged}`)).connections.length < 2);
    await broken(async () => {
      const error = await rejects(() => channel.send(bytes(1)), SendError);
      assert.equal(error.code, 'INTERNAL');
    });
    await gone(tagged);
  });

  it('nothing is left at the server, if it was given up while connecting', async () => {
    const tagged = tag();
    const abort = new AbortController();
    const channel = new Channel(url(`/silent?tag=${tagged}`), { signal: abort.signal, connectTimeoutMs: 0 });
    while ((await command(`list?tag=${tagged}`)).connections.length === 0);
    abort.abort();
    assert.equal((await channel.closed).by, 'local');
    await gone(tagged);
  });
});
