// A Channel as Web Streams, and as a resource.

import { assert } from 'chai';
import { ChannelClosedError, SendError } from 'websocket-channel';
import { url } from '../server.js';
import { rejects } from './rejection.js';
import { Channel } from './transport.js';

describe('the streams of a Channel', () => {
  it('carry values, and a clean end', async () => {
    const channel = new Channel(url('/flood?count=30&size=10'), { codec: 'bytes' });
    assert.strictEqual(channel.readable, channel.readable);
    let count = 0;
    const reader = channel.readable.getReader();
    for (let item = await reader.read(); !item.done; item = await reader.read()) count += item.value.length / 10;
    assert.equal(count, 30);
    assert.isTrue((await channel.closed).wasClean);
  });

  it('are piped through, and closing the one closes the channel', async () => {
    const channel = new Channel(url('/echo'), { codec: 'json' });
    assert.strictEqual(channel.writable, channel.writable);
    const writer = channel.writable.getWriter();
    const doubled = channel.readable.pipeThrough(new TransformStream({ transform: (n, to) => to.enqueue(n * 2) }));
    const reader = doubled.getReader();
    for (const n of [1, 2, 3]) {
      await writer.write(n);
      assert.deepEqual(await reader.read(), { done: false, value: n * 2 });
    }
    await writer.close();
    assert.isTrue((await reader.read()).done);
    const { code, by } = await channel.closed;
    assert.deepEqual([code, by], [1000, 'local']);
  });

  it('read no more than is asked for', async () => {
    const channel = new Channel(url('/flood?count=50&size=1000&then=close'), { codec: 'bytes' });
    const reader = channel.readable.getReader();
    await reader.read();
    await channel.closed;
    assert.isAtLeast(channel.status.queuedBytes, 49 * 1000);
    await reader.cancel();
  });

  it('close the channel when reading is cancelled', async () => {
    const channel = new Channel(url('/flood?count=50&size=10&then=stay'));
    const reader = channel.readable.getReader();
    await reader.read();
    await reader.cancel();
    assert.equal((await channel.closed).by, 'local');
  });

  it('fail when the channel does, reading after the last value', async () => {
    const channel = new Channel(url('/cut'), { codec: 'text' });
    const writer = channel.writable.getWriter();
    await writer.write('cut me');
    const reader = channel.readable.getReader();
    assert.equal((await reader.read()).value, 'last words');
    await rejects(() => reader.read(), ChannelClosedError);
    await rejects(() => writer.closed, ChannelClosedError);
  });

  it('fail at a value that cannot be encoded', async () => {
    const channel = new Channel(url('/echo'), { codec: 'json' });
    await channel.opened;
    const writer = channel.writable.getWriter();
    writer.closed.catch(() => {});
    await rejects(() => writer.write(undefined), SendError);
    assert.equal(channel.status.state, 'open');
    await channel.close();
  });
});

describe('a Channel as a resource', () => {
  it('is disposed of by closing it', async function () {
    if (!Symbol.asyncDispose) this.skip();
    const channel = new Channel(url('/echo'));
    await channel.opened;
    await channel[Symbol.asyncDispose]();
    const { code, wasClean, by } = await channel.closed;
    assert.deepEqual([code, wasClean, by], [1000, true, 'local']);
    await channel[Symbol.asyncDispose]();
  });

  it('has a name in consoles', async () => {
    const channel = new Channel(url('/echo'));
    assert.equal(Object.prototype.toString.call(channel), '[object Channel]');
    await channel.close();
  });
});
