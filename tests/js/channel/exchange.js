// Values through the class Channel.

import { assert } from 'chai';
import { bytes, firstDifference, SIZES, text } from '../payloads.js';
import { url } from '../server.js';
import { Channel, LARGEST } from './transport.js';

const CARRIED = SIZES.filter((size) => size <= LARGEST);

/** The next value of a channel. */
export async function read(channel) {
  const { done, value } = await channel[Symbol.asyncIterator]().next();
  assert.isFalse(done);
  return value;
}

describe('Channel', () => {
  it('has the result of the handshake', async () => {
    const channel = new Channel(url('/echo'), { protocols: ['unknown', 'chat.v1'] });
    assert.deepEqual(await channel.opened, { protocol: 'chat.v1', extensions: '' });
    await channel.close();
    const single = new Channel(url('/echo'), { protocols: 'chat.v1' });
    assert.deepEqual(await single.opened, { protocol: 'chat.v1', extensions: '' });
    await single.close();
    const none = new Channel(new URL(url('/echo')));
    assert.deepEqual(await none.opened, { protocol: '', extensions: '' });
    await none.close();
  });

  it('carries JSON', async () => {
    const chat = new Channel(url('/chat'), { codec: 'json' });
    await chat.send({ Say: 'hello' });
    assert.deepEqual(await read(chat), { Said: { who: 'server', text: 'hello' } });
    await chat.close();
    const echo = new Channel(url('/echo'), { codec: 'json' });
    const values = [null, false, 0, '', 'é\ud800', [], { a: [1, { b: null }] }];
    for (const value of values) {
      await echo.send(value);
      assert.deepEqual(await read(echo), value);
    }
    await echo.close();
  });

  it('carries text of every length exactly', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text' });
    for (const size of CARRIED) {
      const sent = text(size);
      await channel.send(sent);
      assert.isTrue((await read(channel)) === sent, `${size}`);
    }
    await channel.close();
  });

  it('carries bytes of every length exactly', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes' });
    for (const size of CARRIED) {
      const sent = bytes(size);
      await channel.send(sent);
      const received = await read(channel);
      assert.instanceOf(received, Uint8Array);
      assert.equal(firstDifference(received, sent), -1, `${size}`);
    }
    await channel.close();
  });

  it('without a codec carries text and bytes, from each kind of buffer', async () => {
    const channel = new Channel(url('/echo'));
    const buffer = bytes(8).buffer;
    const sent = ['text', buffer, new DataView(buffer, 2, 3), new Uint16Array(buffer)];
    for (const value of sent) await channel.send(value);
    const all = [...new Uint8Array(buffer)];
    for (const expected of ['text', all, all.slice(2, 5), all]) {
      const value = await read(channel);
      assert.deepEqual(typeof value === 'string' ? value : [...value], expected);
    }
    await channel.close();
  });

  it('sends from a buffer that may change its length, which a platform refuses', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes' });
    const sent = new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 }));
    sent.fill(7);
    await channel.opened;
    await channel.send(sent);
    assert.deepEqual([...(await read(channel))], [...sent]);
    await channel.close();
  });

  it('takes a codec of the user', async () => {
    const codec = { encode: (date) => date.toISOString(), decode: (message) => new Date(message) };
    const channel = new Channel(url('/echo'), { codec });
    const date = new Date(0);
    await channel.send(date);
    assert.deepEqual(await read(channel), date);
    await channel.close();
    assert.throws(() => new Channel(url('/echo'), { codec: 'morse' }), TypeError);
    assert.throws(() => new Channel(url('/echo'), { codec: { encode() {} } }), TypeError);
  });

  for (const [when, wait] of [
    ['before it is open', () => {}],
    ['when it is open', (channel) => channel.opened],
  ]) {
    it(`keeps what was sent, though its buffer is changed after the call, ${when}`, async () => {
      const channel = new Channel(url('/echo'), { codec: 'bytes' });
      await wait(channel);
      const buffer = bytes(1000);
      const sent = channel.send(buffer);
      buffer.fill(0);
      await sent;
      assert.equal(firstDifference(await read(channel), bytes(1000)), -1);
      await channel.close();
    });
  }

  it('keeps large messages that wait at once and one after another, though the buffer of each is that of the next', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes', sendHighWaterMarkBytes: 0 });
    await channel.opened;
    const size = Math.min(100_000, LARGEST);
    const buffer = new Uint8Array(size);
    const numbers = Array.from({ length: 12 }, (_, n) => n);
    const sends = [];
    for (const n of numbers) {
      sends.push(channel.send(buffer.subarray(n * 1000).fill(n)));
      if (n % 4 === 3) await Promise.all(sends);
    }
    for (const n of numbers) {
      const value = await read(channel);
      assert.deepEqual([value.length, value.every((byte) => byte === n)], [size - n * 1000, true]);
    }
    await channel.close();
  });

  it('keeps the order of values that were sent without waiting', async () => {
    const channel = new Channel(url('/echo'), { codec: 'json' });
    const sent = Array.from({ length: 300 }, (_, n) => n);
    const sends = sent.slice(0, 100).map((n) => channel.send(n));
    await channel.opened;
    sends.push(...sent.slice(100).map((n) => channel.send(n)));
    const received = [];
    for await (const value of channel) {
      received.push(value);
      if (received.length === sent.length) break;
    }
    assert.deepEqual(received, sent);
    await Promise.all(sends);
  });

  it('answers reads that were asked for together in their order', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text' });
    const values = channel[Symbol.asyncIterator]();
    const reads = [values.next(), values.next(), values.next()];
    for (const word of ['a', 'b', 'c']) await channel.send(word);
    assert.deepEqual(
      (await Promise.all(reads)).map(({ value }) => value),
      ['a', 'b', 'c'],
    );
    await channel.close();
  });
});
