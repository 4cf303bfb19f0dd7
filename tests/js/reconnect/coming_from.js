// Each row of `src/js/COMING-FROM.md`: what the documentation of reconnecting-websocket 4.4 and partysocket 1.3 promises, in our words. The titles are
// the names in the first column there.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { command, finish, next, opened, refused, tag, url } from '../server.js';
import { AT_ONCE, echoed, reconnecting, taggedUrl } from './story.js';

describe('coming from reconnecting-websocket or partysocket', () => {
  it('simple usage', async () => {
    const rws = new WebSocket(url('/echo'), [], { reconnect: true });
    rws.addEventListener('open', () => rws.send('hello!'));
    assert.equal((await next(rws, 'message')).data, 'hello!');
    await finish(rws);
  });

  it('url: a function, round robin', async () => {
    const urls = [refused, url('/echo?second'), url('/echo?third')];
    let urlIndex = 0;
    const rws = new WebSocket(() => urls[urlIndex++ % urls.length], [], { reconnect: AT_ONCE });
    await opened(rws);
    assert.equal(rws.url, urls[1]);
    const again = next(rws, 'open');
    rws.reconnect();
    await again;
    assert.equal(rws.url, urls[2]);
    await finish(rws);
  });

  it('url: a function that returns a promise', async () => {
    const getSessionToken = async () => 'token';
    const rws = new WebSocket(async () => `${url('/echo')}?${await getSessionToken()}`, [], { reconnect: true });
    await opened(rws);
    assert.match(rws.url, /\?token$/);
    await finish(rws);
  });

  it('protocols: names, a function, none', async () => {
    for (const protocols of [null, undefined, [], () => null, async () => []]) {
      const rws = new WebSocket(url('/echo'), protocols, { reconnect: true });
      await opened(rws);
      assert.equal(rws.protocol, '');
      await finish(rws);
    }
    const offered = [];
    class Recorder extends globalThis.WebSocket {
      constructor(...given) {
        super(url('/echo'));
        offered.push(given[1]);
      }
    }
    for (const protocols of ['p1', ['p1', 'p2'], () => 'p1', async () => ['p1', 'p2']])
      await finish(await opened(new WebSocket(url('/echo'), protocols, { WebSocket: Recorder, reconnect: true })));
    assert.deepEqual(offered, ['p1', ['p1', 'p2'], 'p1', ['p1', 'p2']]);
  });

  it('WebSocket', async () => {
    let made = 0;
    class Custom extends globalThis.WebSocket {
      constructor(...given) {
        super(...given);
        made += 1;
      }
    }
    const rws = new WebSocket(url('/echo'), [], { WebSocket: Custom, reconnect: true });
    await opened(rws);
    const again = next(rws, 'open');
    rws.reconnect();
    await again;
    assert.equal(made, 2);
    await finish(rws);
  });

  it('connectionTimeout', async () => {
    const tagged = tag();
    await command(`fail?tag=${tagged}&count=1&how=silence`);
    const rws = new WebSocket(taggedUrl(tagged), [], { connectTimeoutMs: 200, reconnect: AT_ONCE });
    await opened(rws);
    await finish(rws);
  });

  it('minReconnectionDelay, maxReconnectionDelay, reconnectionDelayGrowFactor', async () => {
    const rws = new WebSocket(refused, [], { reconnect: { spreadMs: 0, baseDelayMs: 8, maxDelayMs: 20 } });
    const delays = [];
    await new Promise((resolve) => {
      rws.onreconnecting = ({ attempt, delayMs }) => {
        delays[attempt] = delayMs;
        if (attempt === 5) resolve();
      };
    });
    for (const [attempt, least, most] of [
      [1, 0, 8],
      [2, 8, 16],
      [3, 10, 20],
      [4, 10, 20],
      [5, 10, 20],
    ])
      assert.isTrue(delays[attempt] >= least && delays[attempt] <= most, `${attempt}: ${delays[attempt]}`);
    await finish(rws);
  });

  it('minUptime', async () => {
    const { socket: rws } = reconnecting({ stableAfterMs: 0, path: '/close?code=1000' });
    const attempts = [];
    await new Promise((resolve) => {
      rws.onreconnecting = ({ attempt }) => {
        if (attempts.push(attempt) === 3) resolve();
      };
    });
    assert.deepEqual(attempts, [1, 1, 1]);
    await finish(rws);
  });

  it('maxRetries', async () => {
    const { socket: rws, story } = reconnecting({ address: refused, maxAttempts: 3 });
    await next(rws, 'close');
    assert.equal(story.filter((word) => word.startsWith('reconnecting')).length, 3);
  });

  it('maxEnqueuedMessages', async () => {
    const { socket: rws } = reconnecting({ address: refused, whileDisconnected: 'drop' });
    rws.send('dropped');
    assert.equal(rws.bufferedAmount, 0);
    await finish(rws);
    const { socket: another } = reconnecting({ address: refused, maxQueuedBytes: 33 });
    another.send('1');
    assert.throws(() => another.send('2'), /queue is full/);
    await finish(another);
  });

  it('startClosed', async () => {
    const { socket: rws, story, tagged } = reconnecting({ startClosed: true });
    assert.deepEqual([rws.readyState, rws.url, rws.bufferedAmount], [3, '', 0]);
    rws.close();
    assert.lengthOf((await command(`list?tag=${tagged}`)).connections, 0);
    rws.reconnect();
    assert.equal(rws.readyState, 0);
    await opened(rws);
    await finish(rws);
    assert.deepEqual(story, ['open 1', 'close 1005  true 3']);
  });

  it('shouldReconnectOnClose', async () => {
    const { socket: rws, story } = reconnecting({ path: '/close?code=4001', shouldReconnect: (event) => event.code !== 4001 });
    await next(rws, 'close');
    assert.deepEqual(story, ['open 1', 'close 4001  true 3']);
  });

  it('debug: the event reconnecting', async () => {
    const { socket: rws } = reconnecting({ address: refused });
    const event = await next(rws, 'reconnecting');
    assert.deepEqual(
      [event.attempt, typeof event.delayMs, event.reason.type, `${event}`],
      [1, 'number', 'failed', '[object ReconnectingEvent]'],
    );
    await finish(rws);
  });

  it('close(code, reason)', async () => {
    const { socket: rws, tagged } = reconnecting();
    await opened(rws);
    rws.close(4000, 'done');
    const { code, reason } = await next(rws, 'close');
    assert.deepEqual([code, reason, rws.readyState], [4000, 'done', 3]);
    assert.lengthOf((await command(`list?tag=${tagged}`)).connections, 1);
  });

  it('reconnect(code, reason)', async () => {
    const { socket: rws, tagged } = reconnecting();
    await opened(rws);
    const again = next(rws, 'open');
    rws.reconnect(4000, 'anew');
    await again;
    await echoed(rws, 'there');
    assert.lengthOf((await command(`list?tag=${tagged}`)).connections, 2);
    await finish(rws);
  });

  it('send, buffered until open and sent before its listeners', async () => {
    const { socket: rws } = reconnecting();
    const heard = [];
    rws.onmessage = ({ data }) => heard.push(data);
    rws.onopen = () => rws.send('third');
    assert.isUndefined(rws.send('first'));
    rws.send('second');
    while (heard.length < 3) await next(rws, 'message');
    assert.deepEqual(heard, ['first', 'second', 'third']);
    await finish(rws);
  });

  it('addEventListener, removeEventListener and the handlers', async () => {
    const { socket: rws } = reconnecting();
    let calls = 0;
    const listener = () => (calls += 1);
    rws.addEventListener('open', listener);
    rws.onopen = listener;
    await opened(rws);
    assert.equal(calls, 2);
    rws.removeEventListener('open', listener);
    rws.onopen = null;
    const again = next(rws, 'open');
    rws.reconnect();
    await again;
    assert.equal(calls, 2);
    await finish(rws);
  });

  it('binaryType, bufferedAmount, extensions, protocol, readyState, url', async () => {
    const { socket: rws } = reconnecting();
    assert.deepEqual([rws.binaryType, rws.bufferedAmount, rws.extensions, rws.protocol, rws.readyState], ['blob', 0, '', '', 0]);
    rws.binaryType = 'arraybuffer';
    await opened(rws);
    assert.deepEqual([rws.binaryType, rws.readyState], ['arraybuffer', WebSocket.OPEN]);
    assert.match(rws.url, /^ws:.*echo/);
    await finish(rws);
  });

  it('retryCount: attempt of the event', async () => {
    const tagged = tag();
    await command(`fail?tag=${tagged}&count=2&how=503`);
    const rws = new WebSocket(taggedUrl(tagged), [], { reconnect: AT_ONCE });
    let retryCount = 0;
    rws.onreconnecting = ({ attempt }) => (retryCount = attempt);
    await opened(rws);
    assert.equal(retryCount, 2);
    await finish(rws);
  });

  it('the constants', () => {
    assert.deepEqual([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED], [0, 1, 2, 3]);
  });

  it('the events open, message, error and close', async () => {
    const { socket: rws, tagged, story } = reconnecting({ maxAttempts: 2 });
    const handled = [];
    rws.onopen = rws.onmessage = rws.onerror = rws.onclose = rws.onreconnecting = ({ type }) => handled.push(type);
    await opened(rws);
    const again = next(rws, 'open');
    await command(`cut?tag=${tagged}`);
    await again;
    await command(`fail?tag=${tagged}&count=1&how=503`);
    const end = next(rws, 'close');
    await command(`cut?tag=${tagged}`);
    await end;
    assert.deepEqual(story, ['open 1', 'reconnecting 1 closed 0', 'open 1', 'reconnecting 2 closed 0', 'error 3', 'close 1006  false 3']);
    assert.deepEqual(handled, ['open', 'reconnecting', 'open', 'reconnecting', 'error', 'close']);
  });

  it('updateProperties: a function, and reconnect', async () => {
    let room = 'my-room';
    const ws = new WebSocket(() => url(`/echo?room=${room}`), [], { reconnect: true });
    await opened(ws);
    assert.match(ws.url, /my-room$/);
    room = 'my-new-room';
    const again = next(ws, 'open');
    ws.reconnect();
    await again;
    assert.match(ws.url, /my-new-room$/);
    await finish(ws);
  });
});
