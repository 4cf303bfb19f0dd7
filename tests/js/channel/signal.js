// AbortSignals, and the functions that give a URL or subprotocols.

import { assert } from 'chai';
import { ConnectError } from 'websocket-channel';
import { url } from '../server.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';
import { Channel } from './transport.js';

describe('the signal of a Channel', () => {
  it('gives up connecting', async () => {
    const abort = new AbortController();
    const channel = new Channel(url('/silent'), { signal: abort.signal, connectTimeoutMs: 0 });
    const reason = new Error('left the page');
    abort.abort(reason);
    assert.strictEqual(await rejects(() => channel.opened, Error), reason);
    const { code, cause } = channel.status.reason;
    assert.deepEqual([code, cause], ['CANCELLED', reason]);
    assert.deepEqual(await channel.closed, { code: 1006, reason: '', wasClean: false, by: 'local', unsentBytes: 0 });
  });

  it('that was aborted before connects nothing', async () => {
    let asked = false;
    const address = () => {
      asked = true;
      return url('/echo');
    };
    const channel = new Channel(address, { signal: AbortSignal.abort('never') });
    const thrown = await channel.opened.catch((error) => error);
    assert.deepEqual([thrown, asked, channel.status.state], ['never', false, 'closed']);
  });

  it('closes an open one, and ends the loop', async () => {
    const abort = new AbortController();
    const channel = new Channel(url('/flood?count=3&size=1&then=stay'), { signal: abort.signal });
    let count = 0;
    for await (const _ of channel) {
      count += 1;
      if (count === 3) abort.abort();
    }
    const closed = await channel.closed;
    assert.deepEqual([closed.code, closed.wasClean, closed.by], [1000, true, 'local']);
  });

  it('does nothing after the end', async () => {
    const abort = new AbortController();
    const channel = new Channel(url('/echo'), { signal: abort.signal });
    await channel.opened;
    const closed = await channel.close(4000);
    abort.abort();
    assert.strictEqual(await channel.closed, closed);
  });
});

describe('a function as URL or protocols', () => {
  it('is called once with the attempt, and may be async', async () => {
    const seen = [];
    const address = async (attempt) => {
      seen.push(attempt);
      return new URL(url('/echo'));
    };
    const protocols = async () => ['unknown', 'chat.v1'];
    const channel = new Channel(address, { protocols, codec: 'json' });
    assert.equal((await channel.opened).protocol, 'chat.v1');
    assert.equal(seen.length, 1);
    assert.equal(seen[0].number, 1);
    assert.instanceOf(seen[0].signal, AbortSignal);
    assert.isFalse(seen[0].signal.aborted);
    await channel.close();
    const plain = new Channel(() => url('/echo'), { protocols: () => 'chat.v1', codec: 'text' });
    await plain.send('hello');
    assert.equal(await read(plain), 'hello');
    await plain.close();
  });

  for (const [how, address] of [
    [
      'throws',
      () => {
        throw new Error('no token');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no token'))],
  ]) {
    it(`that ${how} is a ConnectError, and the next channel works`, async () => {
      const channel = new Channel(address);
      const error = await rejects(() => channel.opened, ConnectError);
      assert.deepEqual([error.code, error.cause.message], ['PROVIDER_FAILED', 'no token']);
      const next = new Channel(url('/echo'));
      await next.opened;
      await next.close();
    });
  }

  it('that never answers is cancelled by connectTimeoutMs, through its signal', async () => {
    let signal;
    const address = (attempt) => {
      ({ signal } = attempt);
      return new Promise(() => {});
    };
    const channel = new Channel(address, { connectTimeoutMs: 20 });
    const error = await rejects(() => channel.opened, ConnectError);
    assert.equal(error.code, 'TIMED_OUT');
    assert.isTrue(signal.aborted);
  });

  it('that never answers is cancelled by the signal and by close', async () => {
    const abort = new AbortController();
    const never = () => new Promise(() => {});
    const channel = new Channel(never, { connectTimeoutMs: 0, signal: abort.signal });
    abort.abort();
    assert.equal((await rejects(() => channel.opened, DOMException)).name, 'AbortError');
    const closing = new Channel(never, { connectTimeoutMs: 0 });
    await closing.close();
    assert.equal((await rejects(() => closing.opened, ConnectError)).code, 'CANCELLED');
  });

  it('shares the time with the handshake', async () => {
    const address = () => new Promise((resolve) => setTimeout(() => resolve(url('/silent')), 30));
    const channel = new Channel(address, { connectTimeoutMs: 60 });
    assert.equal((await rejects(() => channel.opened, ConnectError)).code, 'TIMED_OUT');
  });
});
