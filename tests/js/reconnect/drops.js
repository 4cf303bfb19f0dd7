// Real drops, made by the test server: the option `reconnect` of the class `WebSocket`.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { command, finish, next, opened, refused, tag } from '../server.js';
import { AT_ONCE, echoed, reconnecting, storyOf, taggedUrl } from './story.js';

describe('reconnect after a drop', () => {
  for (const how of ['rst', 'fin']) {
    it(`by ${how}: open again, and close once at the real end`, async () => {
      const { socket, tagged, story } = reconnecting();
      await opened(socket);
      for (const round of [1, 2, 3]) {
        const dropped = next(socket, 'reconnecting');
        const again = next(socket, 'open');
        await command(`cut?tag=${tagged}&how=${how}`);
        const { attempt, delayMs, reason } = await dropped;
        assert.deepEqual([reason.type, reason.code, reason.wasClean], ['closed', 1006, false]);
        // None of them is stable, so the attempts count on, and the delay is the policy's.
        assert.equal(attempt, round);
        assert.isAtLeast(delayMs, 0);
        await again;
        await echoed(socket, `round ${round}`);
      }
      const end = next(socket, 'close');
      socket.close(4000, 'bye');
      await end;
      assert.deepEqual(story, [
        'open 1',
        ...[1, 2, 3].flatMap((round) => [`reconnecting ${round} closed 0`, 'open 1', `message round ${round} 1`]),
        'close 4000 bye true 3',
      ]);
    });
  }

  // Servers and proxies restart with these.
  for (const code of [1000, 1001, 1011, 1012, 1013, 4000]) {
    it(`with the code ${code} of the server`, async () => {
      const { socket, tagged } = reconnecting({ path: `/close?code=${code}` });
      const { reason } = await next(socket, 'reconnecting');
      assert.equal(reason.type, 'closed');
      // WebKitGTK reports 1012 and 1013 as lost.
      assert.include([code, 1006], reason.code);
      await next(socket, 'open');
      const { connections } = await command(`list?tag=${tagged}`);
      assert.isAtLeast(connections.length, 2);
      await finish(socket);
    });
  }

  it('when the server is not there at first', async () => {
    const tagged = tag();
    await command(`fail?tag=${tagged}&count=2&how=503`);
    const socket = new WebSocket(taggedUrl(tagged), [], { reconnect: AT_ONCE });
    const story = storyOf(socket);
    await next(socket, 'open');
    assert.deepEqual(story, ['reconnecting 1 failed 0', 'reconnecting 2 failed 0', 'open 1']);
    await finish(socket);
  });

  it('without a second handshake while one is under way', async () => {
    const tagged = tag();
    await command(`fail?tag=${tagged}&count=3&how=silence`);
    const made = [];
    let together = 0;
    class Recorder extends globalThis.WebSocket {
      constructor(...given) {
        if (made.some(({ readyState }) => readyState === 0)) together += 1;
        super(...given);
        made.push(this);
      }
    }
    const socket = new WebSocket(taggedUrl(tagged), [], { WebSocket: Recorder, connectTimeoutMs: 300, reconnect: AT_ONCE });
    let over = false;
    next(socket, 'open').then(() => (over = true));
    while (!over) {
      // An attempt that is under way continues.
      socket.reconnect();
      window.dispatchEvent(new Event('online'));
      document.dispatchEvent(new Event('visibilitychange'));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.deepEqual([made.length, together], [4, 0]);
    await finish(socket);
  });

  it('with the time limit for each attempt', async () => {
    const tagged = tag();
    await command(`fail?tag=${tagged}&count=1&how=silence`);
    const socket = new WebSocket(taggedUrl(tagged), [], { connectTimeoutMs: 200, reconnect: AT_ONCE });
    const { reason } = await next(socket, 'reconnecting');
    assert.deepEqual([reason.type, reason.error.name, reason.error.code], ['failed', 'ConnectError', 'TIMED_OUT']);
    await opened(socket);
    await finish(socket);
  });

  it('keeps what was set: handlers, binaryType, listeners', async () => {
    const { socket, tagged } = reconnecting();
    socket.binaryType = 'arraybuffer';
    socket.binaryType = 'nothing of the kind';
    await opened(socket);
    const again = next(socket, 'open');
    await command(`cut?tag=${tagged}`);
    await again;
    const message = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
    socket.send(Uint8Array.of(1, 2, 3));
    const data = await message;
    assert.instanceOf(data, ArrayBuffer);
    assert.deepEqual([...new Uint8Array(data)], [1, 2, 3]);
    assert.equal(socket.binaryType, 'arraybuffer');
    await finish(socket);
  });

  it('begins a waiting attempt when the network is back', async () => {
    const { socket, tagged } = reconnecting({ spreadMs: 600_000 });
    await opened(socket);
    const dropped = next(socket, 'reconnecting');
    await command(`cut?tag=${tagged}`);
    await dropped;
    assert.equal(socket.readyState, 0);
    window.dispatchEvent(new Event('online'));
    // Minutes before it is due, unless the tests' own page is hidden.
    if (!document.hidden) await opened(socket);
    await finish(socket);
  });

  it('leaves a connection that a page takes out of the back/forward cache, before any listener of the page', async () => {
    const { socket, story } = reconnecting();
    await opened(socket);
    let state;
    const look = () => (state = socket.readyState);
    window.addEventListener('pageshow', look, { once: true });
    const again = next(socket, 'open');
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    assert.equal(state, 0);
    socket.send('not lost');
    await again;
    await echoed(socket, 'after');
    assert.deepEqual(story, ['open 1', 'reconnecting 1 restored 0', 'open 1', 'message not lost 1', 'message after 1']);
    await finish(socket);
  });
});

describe('the limits of reconnect', () => {
  it('maxAttempts: error and close of the last attempt', async () => {
    const { socket, story } = reconnecting({ address: refused, maxAttempts: 2 });
    await next(socket, 'close');
    assert.deepEqual(story, ['reconnecting 1 failed 0', 'reconnecting 2 failed 0', 'error 3', 'close 1006  false 3']);
  });

  it('maxAttempts of 0: the first connection only', async () => {
    const { socket, story } = reconnecting({ path: '/close?code=4001', maxAttempts: 0 });
    await next(socket, 'close');
    assert.deepEqual(story, ['open 1', 'close 4001  true 3']);
  });

  it('maxElapsedMs of 0', async () => {
    const { socket, story } = reconnecting({ address: refused, maxElapsedMs: 0 });
    await next(socket, 'close');
    assert.deepEqual(story, ['error 3', 'close 1006  false 3']);
  });

  it('maxElapsedMs: attempts end by then', async () => {
    const { socket, story } = reconnecting({ address: refused, maxElapsedMs: 300, baseDelayMs: 20, maxDelayMs: 20 });
    await next(socket, 'close');
    assert.equal(story.at(-1), 'close 1006  false 3');
    assert.isAbove(story.length, 2);
  });

  it('finalCodes: no error, and the code of the server', async () => {
    const { socket, story } = reconnecting({ path: '/close?code=4001', finalCodes: [4003, 4001] });
    await next(socket, 'close');
    assert.deepEqual(story, ['open 1', 'close 4001  true 3']);
  });

  it('stableAfterMs of 0: each attempt is the first', async () => {
    const { socket, tagged } = reconnecting({ stableAfterMs: 0 });
    await opened(socket);
    for (let round = 0; round < 2; round += 1) {
      const dropped = next(socket, 'reconnecting');
      const again = next(socket, 'open');
      await command(`cut?tag=${tagged}`);
      assert.equal((await dropped).attempt, 1);
      await again;
    }
    await finish(socket);
  });

  it('the delays are random, and inside their bounds', async () => {
    const delays = [];
    for (let round = 0; round < 8; round += 1) {
      const { socket } = reconnecting({ address: refused, spreadMs: 100_000 });
      delays.push((await next(socket, 'reconnecting')).delayMs);
      await finish(socket);
    }
    assert.isTrue(delays.every((delay) => delay >= 0 && delay < 100_000));
    assert.isAbove(new Set(delays).size, 4);
  });
});
