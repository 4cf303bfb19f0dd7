// How a session ends, and what its peer has not committed then.

import { assert } from 'chai';
import { Channel, ChannelClosedError, ConnectError, SendError, SessionLostError } from 'websocket-channel/session';
import { gone, next, refused, url } from '../server.js';
import { rejects } from '../channel/rejection.js';
import { AT_ONCE, FORGETS, connect } from './channel.js';

const NOTHING = { unsentBytes: 0, inDoubt: [], neverSent: [] };

describe('the end of a session', () => {
  it('does not begin with a server that knows no sessions, nor without one', async () => {
    const cases = [
      [url('/echo'), 'NO_SESSION'],
      [url('/close?code=4000'), 'NO_SESSION'],
      [refused, 'CONNECT_FAILED'],
      [url('/silent'), 'TIMED_OUT', { connectTimeoutMs: 200 }],
      [url('/sink'), 'NO_SESSION', { connectTimeoutMs: 200 }],
      [url('/session/echo#part'), 'URL_FRAGMENT'],
      [() => Promise.reject(new Error('no token')), 'PROVIDER_FAILED'],
      [() => new Promise(() => {}), 'TIMED_OUT', { connectTimeoutMs: 200 }],
    ];
    for (const [address, code, options] of cases) {
      const channel = new Channel(address, options);
      const error = await rejects(() => channel.opened, ConnectError, code);
      assert.equal(error.code, code, `${address}`);
      const closed = await channel.closed;
      assert.deepEqual(closed, { code: 1006, reason: '', wasClean: false, by: 'error', ...NOTHING });
      assert.equal(channel.status.state, 'closed');
      assert.equal((await rejects(() => channel.send('late'), SendError)).code, 'NOT_OPEN');
      assert.strictEqual(await rejects(() => channel[Symbol.asyncIterator]().next(), ConnectError), error);
    }
  });

  it('of ours delivers everything, and has our code and reason', async () => {
    const { channel, tagged } = await connect('/session/sink', { codec: 'text' });
    for (let count = 0; count < 50; count += 1) channel.trySend('before');
    const closed = await channel.close(4000, 'done');
    assert.deepEqual(closed, { code: 4000, reason: 'done', wasClean: true, by: 'local', ...NOTHING });
    assert.isTrue((await channel[Symbol.asyncIterator]().next()).done);
    assert.equal((await rejects(() => channel.send('late'), SendError)).code, 'NOT_OPEN');
    assert.throws(() => channel.trySend('late'), SendError);
    await gone(tagged);
  });

  it('of ours without a connection makes one to deliver it', async () => {
    const { channel, cut } = await connect('/session/sink', { codec: 'text', reconnect: { baseDelayMs: 60_000, spreadMs: 60_000 } });
    await cut();
    if (channel.status.state === 'open') await next(channel.status, 'change');
    channel.trySend('last');
    const { code, wasClean } = await channel.close();
    assert.deepEqual([code, wasClean], [1000, true]);
  });

  it('by break, abort and a signal', async () => {
    const broken = await connect('/session/echo');
    await broken.channel.send('one');
    for await (const value of broken.channel) {
      assert.equal(value, 'one');
      break;
    }
    assert.equal((await broken.channel.closed).by, 'local');
    const aborted = await connect('/session/echo');
    const reading = aborted.read();
    aborted.channel.abort();
    assert.isUndefined(await reading);
    assert.deepEqual((await aborted.channel.closed).by, 'local');
    await gone(aborted.tagged);
    const controller = new AbortController();
    const signalled = await connect('/session/echo', { signal: controller.signal });
    controller.abort();
    assert.equal((await signalled.channel.closed).by, 'local');
    const early = new Channel(url('/silent'), { signal: AbortSignal.abort('too late') });
    assert.equal(await early.opened.catch((reason) => reason), 'too late');
  });

  it('of the peer has its code, and is no error after 1000 only', async () => {
    const { channel, read } = await connect('/session/burst?count=3', { codec: 'text' });
    assert.deepEqual([await read(), await read(), await read(), await read()], ['0', '1', '2', undefined]);
    const { code, by } = await channel.closed;
    assert.deepEqual([code, by], [1000, 'remote']);
  });

  it('that nobody chose comes behind everything, with what was not committed', async () => {
    // The server has forgotten the session when the client comes back.
    const { channel, read, cut, forgotten } = await connect(`/session/echo?${FORGETS}`, { codec: 'json', held: true });
    await channel.send({ first: 1 });
    assert.deepEqual(await read(), { first: 1 });
    await channel.flush();
    let lost;
    channel.addEventListener('lost', ({ detail }) => (lost = detail));
    await cut();
    if (channel.status.state === 'open') await next(channel.status, 'change');
    for (const value of ['a', { b: 2 }]) channel.trySend(value);
    forgotten();
    const error = await rejects(() => read(), SessionLostError);
    assert.strictEqual(lost, error);
    assert.deepEqual([error.code, error.renewed, error.reason], ['SESSION_LOST', false, 'Expired']);
    assert.deepEqual([error.inDoubt, error.neverSent], [[], ['a', { b: 2 }]]);
    const closed = await channel.closed;
    assert.deepEqual([closed.code, closed.reason, closed.unsentBytes], [1006, 'session lost', 10]);
    assert.deepEqual(closed.neverSent, ['a', { b: 2 }]);
  });

  it('is no end with renew', async () => {
    const options = { codec: 'json', session: { onLost: 'renew' }, held: true };
    const { channel, read, cut, forgotten } = await connect(`/session/echo?${FORGETS}`, options);
    const lost = [];
    channel.addEventListener('lost', ({ detail }) => lost.push(detail));
    await channel.send('old');
    assert.equal(await read(), 'old');
    await channel.flush();
    await cut();
    if (channel.status.state === 'open') await next(channel.status, 'change');
    channel.trySend('given back');
    forgotten();
    const reading = read();
    while (lost.length === 0) await next(channel.status, 'change');
    assert.deepEqual([lost[0].reason, lost[0].renewed, lost[0].neverSent], ['Expired', true, ['given back']]);
    await channel.send('new');
    assert.equal(await reading, 'new');
    await channel.close();
  });

  it('comes after the last attempt', async () => {
    const { channel, read, cut } = await connect('/session/echo', { codec: 'text', reconnect: { ...AT_ONCE, maxAttempts: 0 } });
    await cut();
    const error = await rejects(() => read(), SessionLostError);
    assert.equal(error.reason, 'GaveUp');
    assert.equal((await channel.closed).code, 1006);
    assert.notInstanceOf(error, ChannelClosedError);
  });
});
