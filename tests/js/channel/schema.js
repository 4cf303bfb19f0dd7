// A Standard Schema: what arrives is checked and not only claimed. The libraries themselves are run by the suite `homes`.

import { assert } from 'chai';
import { DecodeError } from 'websocket-channel';
import { url } from '../server.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';
import { Channel } from './transport.js';

/** A schema that takes numbers and doubles them. */
const schema = (answer) => ({ '~standard': { version: 1, vendor: 'test', validate: answer } });
const check = (value) => (typeof value === 'number' ? { value: value * 2 } : { issues: [{ message: 'not a number', path: ['here'] }] });

describe('the schema of a Channel', () => {
  for (const [how, validate] of [
    ['at once', check],
    ['later', async (value) => check(value)],
  ]) {
    it(`that answers ${how} gives its own value, or a DecodeError, and the channel goes on`, async () => {
      const channel = new Channel(url('/echo'), { codec: 'json', schema: schema(validate) });
      for (const value of [1, 'one', 2]) await channel.send(value);
      assert.equal(await read(channel), 2);
      const error = await rejects(() => read(channel), DecodeError);
      assert.deepEqual([error.code, error.raw, error.issues], ['SCHEMA_FAILED', '"one"', [{ message: 'not a number', path: ['here'] }]]);
      assert.include(error.message, 'not a number');
      assert.equal(await read(channel), 4);
      await channel.close();
    });
  }

  it('may be slow, and the order stays', async () => {
    const slow = async (value) => {
      await new Promise((resolve) => setTimeout(resolve, value === 0 ? 20 : 0));
      return { value };
    };
    const channel = new Channel(url('/echo'), { codec: 'json', schema: schema(slow) });
    for (const value of [0, 1, 2]) await channel.send(value);
    const values = channel[Symbol.asyncIterator]();
    const reads = await Promise.all([values.next(), values.next(), values.next()]);
    assert.deepEqual(
      reads.map(({ value }) => value),
      [0, 1, 2],
    );
    await channel.close();
  });

  for (const [how, validate] of [
    [
      'throws',
      () => {
        throw new Error('thrown on purpose');
      },
    ],
    ['rejects', () => Promise.reject(new Error('thrown on purpose'))],
  ]) {
    it(`that ${how} is a DecodeError, and the instance goes on`, async () => {
      const channel = new Channel(url('/echo'), { codec: 'text', schema: schema(validate) });
      await channel.send('x');
      const error = await rejects(() => read(channel), DecodeError);
      assert.deepEqual([error.code, error.raw, error.cause.message], ['SCHEMA_FAILED', 'x', 'thrown on purpose']);
      await channel.close();
      const next = new Channel(url('/echo'), { codec: 'text' });
      await next.send('fine');
      assert.equal(await read(next), 'fine');
      await next.close();
    });
  }

  it('is called with its own this', async () => {
    const standard = {
      version: 1,
      vendor: 'test',
      factor: 3,
      validate(value) {
        return { value: value * this.factor };
      },
    };
    const channel = new Channel(url('/echo'), { codec: 'json', schema: { '~standard': standard } });
    await channel.send(2);
    assert.equal(await read(channel), 6);
    await channel.close();
  });

  it('may be a function with the standard property', async () => {
    const callable = Object.assign(() => {}, schema(check));
    const channel = new Channel(url('/echo'), { codec: 'json', schema: callable });
    await channel.send(21);
    assert.equal(await read(channel), 42);
    await channel.close();
  });
});
