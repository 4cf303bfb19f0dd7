// The errors of a Channel: each has the code that Rust's error of the same cause has.

import { assert } from 'chai';
import { ChannelError, ConnectError, DecodeError, SendError } from 'websocket-channel';
import { refused, url } from '../server.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';
import { Channel } from './transport.js';

const cases = [
  ...['ws://', 'ws://[', 'ftp://127.0.0.1/', 'mailto:a@b', 'ws://127.0.0.1:65536/', 'ws://a^b/'].map((bad) => ['BAD_URL', bad]),
  ['URL_FRAGMENT', url('/echo#')],
  ['URL_FRAGMENT', url('/echo#part')],
  ...['', 'a b', 'a,b', 'é'].map((bad) => ['BAD_PROTOCOL', url('/echo'), { protocols: ['good', bad] }]),
  ['DUPLICATE_PROTOCOL', url('/echo'), { protocols: ['a', 'b', 'a'] }],
  ['CONNECT_FAILED', refused],
  ['CONNECT_FAILED', url('/status/404')],
  ['TIMED_OUT', url('/silent'), { connectTimeoutMs: 200 }],
];

describe('a Channel that cannot connect', () => {
  for (const [code, address, options] of cases) {
    it(`rejects with ${code}: ${address.replace(/:\d{4,5}\//, ':…/')} ${JSON.stringify(options?.protocols ?? '')}`, async () => {
      const channel = new Channel(address, options);
      const error = await rejects(() => channel.opened, ConnectError);
      assert.equal(error.code, code);
      assert.isNotEmpty(error.message);
      // Its words have a place for what is wrong, and it is filled.
      assert.notMatch(error.message, /\$|undefined/);
      const wrong = options?.connectTimeoutMs ?? (code === 'BAD_PROTOCOL' ? options.protocols[1] : '');
      assert.include(error.message, `${wrong}`);
    });
  }

  it('rejects sends and reads, too, and keeps the value', async () => {
    const channel = new Channel(url('/status/404'), { codec: 'json' });
    const value = { say: 'hello' };
    const sending = await rejects(() => channel.send(value), SendError);
    assert.deepEqual([sending.code, sending.cause.code], ['NOT_OPEN', 'CONNECT_FAILED']);
    assert.strictEqual(sending.value, value);
    const reading = await rejects(() => channel[Symbol.asyncIterator]().next(), ConnectError);
    assert.equal(reading.code, 'CONNECT_FAILED');
  });

  it('has a timeout that is a number that is not negative, and may be longer than setTimeout can count', async () => {
    for (const connectTimeoutMs of [-1, NaN, '5', {}]) {
      assert.throws(() => new Channel(url('/echo'), { connectTimeoutMs }), TypeError);
    }
    // 0 is none, as for the class.
    for (const connectTimeoutMs of [0, 2 ** 31, 2 ** 32, Infinity]) {
      const channel = new Channel(url('/echo'), { connectTimeoutMs });
      await channel.opened;
      await channel.close();
    }
  });
});

describe('a value that is not sent', () => {
  it('is returned with the reason when it cannot be encoded, and the channel continues', async () => {
    const channel = new Channel(url('/echo'), { codec: 'json' });
    const circle = {};
    circle.self = circle;
    for (const value of [circle, undefined, 1n, () => {}]) {
      const error = await rejects(() => channel.send(value), SendError);
      assert.equal(error.code, 'ENCODE_FAILED');
      assert.strictEqual(error.value, value);
      assert.instanceOf(error.cause, TypeError);
    }
    await channel.send('fine');
    assert.equal(await read(channel), 'fine');
    await channel.close();
  });

  it('is returned when it has the wrong type for the codec', async () => {
    for (const [codec, values] of [
      ['text', [1, null, new Uint8Array(1)]],
      ['bytes', ['text', 1, [1, 2]]],
      ['raw', [1, null, {}]],
    ]) {
      const channel = new Channel(url('/echo'), { codec });
      for (const value of values) {
        const error = await rejects(() => channel.send(value), SendError, `${codec} ${value}`);
        assert.deepEqual([error.code, error.value], ['ENCODE_FAILED', value]);
      }
      await channel.close();
    }
  });

  it('is returned after the end', async () => {
    const channel = new Channel(url('/close?code=1000'), { codec: 'text' });
    await channel.closed;
    const error = await rejects(() => channel.send('too late'), SendError);
    assert.deepEqual([error.code, error.value], ['NOT_OPEN', 'too late']);
  });
});

describe('a message that cannot be decoded', () => {
  it('throws DecodeError with the original message, and a new loop continues after it', async () => {
    const channel = new Channel(url('/echo'), {
      codec: { encode: (value) => value, decode: (message) => JSON.parse(message) },
    });
    await channel.send('{');
    await channel.send('"fine"');
    const error = await rejects(() => read(channel), DecodeError);
    assert.deepEqual([error.code, error.raw], ['DECODE_FAILED', '{']);
    assert.instanceOf(error.cause, SyntaxError);
    assert.equal(await read(channel), 'fine');
    await channel.close();
  });

  it('in a loop ends the loop and leaves the channel open', async () => {
    const channel = new Channel(url('/echo'), {
      codec: { encode: (value) => value, decode: (message) => JSON.parse(message) },
    });
    for (const text of ['1', '{', '2']) await channel.send(text);
    const values = [];
    const error = await rejects(async () => {
      for await (const value of channel) values.push(value);
    }, DecodeError);
    assert.equal(error.raw, '{');
    for await (const value of channel) {
      values.push(value);
      break;
    }
    assert.deepEqual(values, [1, 2]);
  });

  it('is one of the wrong kind, too', async () => {
    // The flood sends bytes, /chat text.
    for (const [codec, path, raw] of [
      ['json', '/flood?count=1&size=3&then=stay', Uint8Array],
      ['text', '/flood?count=1&size=3&then=stay', Uint8Array],
      ['bytes', '/chat', String],
    ]) {
      const channel = new Channel(url(path), { codec });
      if (codec === 'bytes') await channel.send(Uint8Array.of(0));
      const error = await rejects(() => read(channel), DecodeError, codec);
      assert.equal(error.code, 'DECODE_FAILED');
      assert.strictEqual(error.raw.constructor, raw);
      await channel.close();
    }
  });
});

describe('every error', () => {
  it('is an Error and a ChannelError with its own name', async () => {
    const error = await rejects(() => new Channel('ws://').opened, ConnectError);
    assert.instanceOf(error, ChannelError);
    assert.instanceOf(error, Error);
    assert.equal(error.name, 'ConnectError');
    assert.equal(error.constructor.name, 'ConnectError');
    assert.match(`${error.stack ?? error}`, /./);
    assert.match(String(error), /^ConnectError: ./);
    assert.equal(Channel.name, 'Channel');
  });
});
