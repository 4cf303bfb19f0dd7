// Requests over a session, in both directions.

import { assert } from 'chai';
import { DecodeError, RequestError } from 'websocket-channel/session';
import { next } from '../server.js';
import { rejects } from '../channel/rejection.js';
import { FORGETS, connect } from './channel.js';

describe('requests over a session', () => {
  it('resolve with the answer to each, in any order, beside values', async () => {
    const { channel, read } = await connect('/session/rpc', { codec: 'text' });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const answers = Promise.all(numbers.map((number) => channel.request(`${number}`)));
    await channel.send('a value');
    assert.deepEqual(
      await answers,
      numbers.map((number) => `${number * 2}`),
    );
    assert.equal(await read(), 'a value');
    const error = await rejects(() => channel.request('fail'), RequestError);
    assert.equal(error.code, 'FAILED');
    assert.isNotEmpty(error.message);
    await channel.close();
  });

  it('survive a cut', async () => {
    const { channel, cut } = await connect('/session/rpc', { codec: 'text' });
    const resumed = next(channel.status, 'change');
    await cut();
    await resumed;
    assert.equal(await channel.request('21'), '42');
    await channel.close();
  });

  it('are answered by a handler, whose error the peer gets', async () => {
    const { channel } = await connect('/session/rpc', { codec: 'text' });
    // The server asks this side, and answers with what it gets.
    const refused = await channel.request('ask nobody').catch((error) => error.message);
    assert.include(refused, 'requests are not answered here');
    channel.handle((value) => `heard ${value}`);
    assert.include(await channel.request('ask this'), 'heard this');
    channel.handle(async () => {
      throw new Error('no idea');
    });
    const failed = await channel.request('ask more').catch((error) => error.message);
    assert.include(failed, 'no idea');
    channel.handle(() => 1);
    const wrong = await channel.request('ask a number').catch((error) => error.message);
    assert.include(wrong, 'cannot be encoded');
    channel.handle(null);
    assert.throws(() => channel.handle('function'), TypeError);
    await channel.close();
  });

  it('are cancelled by a signal, a time limit and the end', async () => {
    const { channel } = await connect('/session/rpc', { codec: 'text' });
    const controller = new AbortController();
    const signalled = channel.request('never', { signal: controller.signal });
    await channel.flush();
    controller.abort('enough');
    assert.equal(await signalled.catch((reason) => reason), 'enough');
    const late = await rejects(() => channel.request('never', { timeoutMs: 50 }), RequestError);
    assert.deepEqual([late.code, late.inDoubt], ['TIMED_OUT', true]);
    assert.throws(() => AbortSignal.abort('early').throwIfAborted());
    assert.equal(await channel.request('never', { signal: AbortSignal.abort('early') }).catch((reason) => reason), 'early');
    // The session goes on, and the peer was told.
    assert.equal(await channel.request('4'), '8');
    const pending = channel.request('never');
    await channel.flush();
    await channel.close();
    const ended = await rejects(() => pending, RequestError);
    assert.deepEqual([ended.code, ended.value, ended.inDoubt], ['SESSION_LOST', 'never', true]);
    assert.equal((await rejects(() => channel.request('late'), RequestError)).code, 'NOT_SENT');
  });

  it('are bounded', async () => {
    const { channel } = await connect('/session/rpc', { codec: 'text' });
    // The server has the same bound: it was told that these need no answer.
    const controller = new AbortController();
    const { signal } = controller;
    const cancelled = Array.from({ length: 1000 }, () => channel.request('never', { signal }).catch((reason) => reason));
    await channel.flush();
    controller.abort('enough');
    assert.deepEqual(new Set(await Promise.all(cancelled)), new Set(['enough']));
    assert.equal(await channel.request('4'), '8');
    const pending = Array.from({ length: 1000 }, () => channel.request('never').catch(({ code }) => code));
    assert.equal((await rejects(() => channel.request('one more'), RequestError)).code, 'TOO_MANY');
    channel.abort();
    assert.deepEqual(new Set(await Promise.all(pending)), new Set(['SESSION_LOST']));
  });

  it('have an answer that cannot be decoded', async () => {
    const codec = { encode: (value) => value, decode: (message) => JSON.parse(message === '4' ? 'no JSON' : message) };
    const { channel } = await connect('/session/rpc', { codec });
    assert.equal((await rejects(() => channel.request('2'), DecodeError)).code, 'DECODE_FAILED');
    assert.equal(await channel.request('3'), 6);
    await channel.close();
  });

  it('of a lost session say whether they may have arrived', async () => {
    const { channel, cut, forgotten } = await connect(`/session/rpc?${FORGETS}`, { codec: 'text', held: true });
    const sent = channel.request('never').catch((error) => error);
    await channel.flush();
    await cut();
    if (channel.status.state === 'open') await next(channel.status, 'change');
    const unsent = channel.request('1').catch((error) => error);
    forgotten();
    assert.deepEqual(
      (await Promise.all([sent, unsent])).map(({ code, inDoubt }) => [code, inDoubt]),
      [
        ['SESSION_LOST', true],
        ['SESSION_LOST', false],
      ],
    );
  });
});
