// Values over a session, and what happens when its connection is cut.

import { assert } from 'chai';
import { SendError } from 'websocket-channel/session';
import { next, url } from '../server.js';
import { rejects } from '../channel/rejection.js';
import { connect } from './channel.js';

describe('a session', () => {
  it('gives each value as it was sent, whatever its codec', async () => {
    const cases = [
      ['json', [{ a: [1, null, 'é'] }, 'text', 0]],
      ['text', ['', 'plain', 'grüezi', '𝄞'.repeat(50), 'x'.repeat(200_000)]],
      ['raw', ['text', Uint8Array.of(0, 255), 'ü', Uint8Array.of()]],
    ];
    for (const [codec, sent] of cases) {
      const { channel, read } = await connect('/session/echo', { codec });
      // Together, and once more each by itself.
      await channel.sendAll(sent);
      for (const value of sent) assert.deepEqual(await read(), value);
      for (const value of sent) {
        await channel.send(value);
        assert.deepEqual(await read(), value);
      }
      assert.equal((await channel.close()).code, 1000);
    }
  });

  it('gives bytes memory of their own, and sends them as they are at the call', async () => {
    const { channel, read } = await connect('/session/echo', { codec: 'bytes' });
    const bytes = Uint8Array.of(1, 2, 3);
    const sends = [channel.send(bytes)];
    bytes.fill(9);
    sends.push(channel.send(bytes));
    await Promise.all(sends);
    const [first, second] = [await read(), await read()];
    assert.deepEqual([...first], [1, 2, 3]);
    assert.deepEqual([...second], [9, 9, 9]);
    assert.equal(first.buffer.byteLength, 3);
    await channel.close();
  });

  it('continues after a cut, and says so at that place', async () => {
    const { channel, read, cut } = await connect('/session/echo', { codec: 'json' });
    const seen = [];
    channel.addEventListener('resumed', () => seen.push('resumed'));
    const states = [];
    channel.status.addEventListener('change', () => states.push(channel.status.state));
    await channel.send(0);
    seen.push(await read());
    assert.isFalse(channel.status.resumed);
    await cut();
    await channel.send(1);
    seen.push(await read());
    await channel.send(2);
    seen.push(await read());
    assert.deepEqual(seen, [0, 'resumed', 1, 2]);
    assert.isTrue(channel.status.resumed);
    assert.includeMembers(states, ['reconnecting', 'open']);
    await channel.close();
  });

  it('flushes when the peer has committed everything', async () => {
    const { channel, cut } = await connect('/session/sink', { codec: 'text' });
    for (let count = 0; count < 100; count += 1) channel.trySend(`${count}`);
    assert.isAbove(channel.stats().sentMessages, 99);
    await cut();
    await channel.flush();
    assert.equal(channel.status.retainedBytes, 0);
    // Nothing is left to commit.
    await channel.flush();
    await channel.close();
  });

  it('waits while the peer has not committed the high-water mark', async () => {
    const { channel, read } = await connect('/session/echo', { codec: 'text', sendHighWaterMarkBytes: 10_000 });
    const text = 'x'.repeat(1000);
    let accepted = 0;
    while (channel.trySend(text)) accepted += 1;
    assert.approximately(accepted, 10, 1);
    const waits = channel.send('behind');
    assert.isFalse(channel.trySend(text));
    const controller = new AbortController();
    const cancelled = channel.send('never', { signal: controller.signal });
    controller.abort('no more');
    assert.equal(await cancelled.catch((reason) => reason), 'no more');
    for (let index = 0; index < accepted; index += 1) assert.equal(await read(), text);
    await waits;
    assert.equal(await read(), 'behind');
    await channel.close();
  });

  it('gives many values at once, and keeps one that cannot be decoded at its place', async () => {
    const { channel } = await connect('/session/echo', { codec: { encode: (value) => value, decode: JSON.parse } });
    await channel.sendAll(['1', '2', 'no JSON', '3']);
    const values = [];
    const errors = [];
    const batches = channel.batches();
    while (values.length < 3) {
      try {
        const { value } = await batches.next();
        assert.isArray(value);
        values.push(...value);
      } catch (error) {
        errors.push([error.code, error.raw, values.length]);
      }
    }
    assert.deepEqual([values, errors], [[1, 2, 3], [['DECODE_FAILED', 'no JSON', 2]]]);
    await channel.close();
  });

  it('waits with reading, so that the server waits', async () => {
    const count = 2000;
    // The server keeps what this side has not acknowledged: reading has to be told.
    const { channel, read } = await connect(`/session/burst?count=${count}&size=1000&retention=100000`, { codec: 'text' });
    for (let index = 0; index < count; index += 1) {
      assert.equal(parseInt(await read(), 10), index);
      const { queuedBytes } = channel.stats();
      assert.isBelow(queuedBytes, 100_000);
    }
    assert.isUndefined(await read());
    const { code, by, wasClean } = await channel.closed;
    assert.deepEqual({ code, by, wasClean }, { code: 1000, by: 'remote', wasClean: true });
  });

  it('sends nothing while it is suspended, and continues', async () => {
    const { channel, read } = await connect('/session/echo', { codec: 'json' });
    channel.suspend();
    assert.equal(channel.status.state, 'reconnecting');
    assert.isNull(channel.status.nextRetryAt);
    await channel.send('kept');
    channel.resume();
    assert.equal(await read(), 'kept');
    const changed = next(channel.status, 'change');
    channel.reconnectNow();
    await changed;
    await channel.send('once more');
    assert.equal(await read(), 'once more');
    await channel.close();
  });

  it('checks values and options at the call', async () => {
    const { channel } = await connect('/session/echo', { codec: 'text' });
    const error = await rejects(() => channel.send(1), SendError);
    assert.deepEqual([error.code, error.value], ['ENCODE_FAILED', 1]);
    // More than the server takes.
    const large = 'x'.repeat(2 << 20);
    assert.equal((await rejects(() => channel.send(large), SendError)).code, 'SEND_REFUSED');
    await channel.close();
    const { Channel } = await import('websocket-channel/session');
    const wrong = [
      [{ session: false }, 'session has to be true'],
      [{ session: { onLost: 'never' } }, 'session.onLost has to be one of end, renew'],
      [{ session: { windowBytes: '1' } }, 'session.windowBytes has to be a number'],
      [{ overflow: 'latest' }, 'overflow is not an option'],
      [{ reconnect: { baseDelayMs: -1 } }, 'reconnect.baseDelayMs has to be a number'],
      [{ reconnect: 7 }, 'reconnect has to be'],
    ];
    for (const [options, words] of wrong) assert.throws(() => new Channel(url('/session/echo'), options), TypeError, words);
  });
});
