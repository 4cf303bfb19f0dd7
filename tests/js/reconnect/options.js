// The option `reconnect` itself, its functions, and `reconnect()`: of the class `WebSocket`.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { command, finish, next, opened, refused, tag, url } from '../server.js';
import { throwsDom } from '../thrown.js';
import { AT_ONCE, echoed, reconnecting, storyOf, taggedUrl } from './story.js';

describe('the option reconnect', () => {
  for (const [option, value, needs] of [
    ['reconnect', 5, 'true, false or an object'],
    ['reconnect', 'yes', 'true, false or an object'],
    ['reconnect', () => true, 'true, false or an object'],
    ...['baseDelayMs', 'maxDelayMs', 'spreadMs', 'stableAfterMs', 'maxElapsedMs'].flatMap((name) =>
      [-1, NaN, '5', {}, true].map((value) => [name, value, 'a number of milliseconds, 0 or more']),
    ),
    ...[-1, NaN, '5'].map((value) => ['maxAttempts', value, 'a number of attempts, 0 or more']),
    ...[4001, '4001', [0], [5000], ['4001'], [4001.5]].map((value) => ['finalCodes', value, 'an array of close codes']),
    ...[true, 'f', {}].map((value) => ['shouldReconnect', value, 'a function']),
    ...['queue', true, 0].map((value) => ['whileDisconnected', value, 'one of hold, drop, throw']),
    ...[-1, NaN, '5'].map((value) => ['maxQueuedBytes', value, 'a number of bytes, 0 or more']),
    ...[1, 'true'].map((value) => ['startClosed', value, 'true or false']),
  ]) {
    it(`refuses ${option}: ${typeof value === 'function' ? 'a function' : JSON.stringify(value)}${Number.isNaN(value) ? ' (NaN)' : ''}`, () => {
      const given = option === 'reconnect' ? value : { [option]: value };
      assert.throws(() => new WebSocket(url('/echo'), [], { reconnect: given }), TypeError, needs);
      assert.throws(() => new WebSocket(url('/echo'), [], { reconnect: given }), TypeError, option);
    });
  }

  it('is off with false, null and undefined', async () => {
    for (const reconnect of [false, null, undefined]) {
      const socket = new WebSocket(url('/close?code=4001'), [], { reconnect });
      const story = storyOf(socket);
      await next(socket, 'close');
      assert.deepEqual(story, ['open 1', 'close 4001  true 3']);
      throwsDom(() => socket.reconnect(), 'InvalidStateError');
    }
  });

  it('takes null and Infinity', async () => {
    const all = ['baseDelayMs', 'maxDelayMs', 'spreadMs', 'stableAfterMs', 'maxElapsedMs', 'maxAttempts', 'finalCodes', 'shouldReconnect'];
    const none = Object.fromEntries([...all, 'whileDisconnected', 'maxQueuedBytes', 'startClosed'].map((name) => [name, null]));
    const most = Object.fromEntries([...all.slice(0, 6), 'maxQueuedBytes'].map((name) => [name, Infinity]));
    for (const reconnect of [true, none, most]) await finish(await opened(new WebSocket(url('/echo'), [], { reconnect })));
  });

  it('refuses bad constant arguments in the constructor, as without it', () => {
    throwsDom(() => new WebSocket('ws://[', [], { reconnect: true }), 'SyntaxError');
    throwsDom(() => new WebSocket(url('/echo'), ['a', 'a'], { reconnect: true }), 'SyntaxError');
    assert.throws(() => new WebSocket(url('/echo'), 5, { reconnect: true }), TypeError, 'protocols');
    assert.throws(() => new WebSocket(Symbol('url'), [], { reconnect: true }), TypeError);
  });
});

describe('functions for the URL and the subprotocols', () => {
  it('are called for each attempt, with its number and reason', async () => {
    const tagged = tag();
    const calls = [];
    const socket = new WebSocket(
      async ({ number, reason, signal }) => {
        calls.push([number, reason?.type ?? null, signal.aborted]);
        return taggedUrl(tagged);
      },
      () => null,
      { reconnect: AT_ONCE },
    );
    assert.deepEqual([socket.url, socket.readyState, socket.protocol, socket.extensions], ['', 0, '', '']);
    await opened(socket);
    assert.equal(socket.url, taggedUrl(tagged));
    const again = next(socket, 'open');
    await command(`cut?tag=${tagged}`);
    await again;
    assert.deepEqual(calls, [
      [1, null, false],
      [1, 'closed', false],
    ]);
    await finish(socket);
  });

  it('that fail, never settle or return nonsense are attempts that failed', async () => {
    const answers = [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected')),
      () => new Promise(() => {}),
      () => undefined,
      () => 5,
      () => ({}),
      () => 'ws://[',
      () => `${url('/echo')}`,
    ];
    const reasons = [];
    const signals = [];
    let call = 0;
    const socket = new WebSocket(
      ({ signal }) => {
        signals.push(signal);
        return answers[call++]();
      },
      undefined,
      { connectTimeoutMs: 500, reconnect: AT_ONCE },
    );
    socket.onreconnecting = ({ reason }) => reasons.push(reason.error.code);
    await opened(socket);
    const bad = 'PROVIDER_FAILED';
    assert.deepEqual(reasons, [bad, bad, 'TIMED_OUT', bad, bad, bad, 'BAD_URL']);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      answers.map((_, index) => index === 2),
    );
    await finish(socket);
  });

  it('are cancelled by close', async () => {
    let signal;
    const socket = new WebSocket(
      (attempt) => {
        ({ signal } = attempt);
        return new Promise(() => {});
      },
      [],
      { reconnect: true },
    );
    const story = storyOf(socket);
    await Promise.resolve();
    const end = next(socket, 'close');
    socket.close();
    assert.equal(socket.readyState, 2);
    await end;
    assert.isTrue(signal.aborted);
    assert.deepEqual(story, ['close 1006  false 3']);
  });

  it('for subprotocols may return names, one name, or none', async () => {
    for (const protocols of [() => ['one', 'two'], async () => 'one', () => [], () => null, () => undefined]) {
      const { socket } = reconnecting({ protocols, path: '/probe', maxAttempts: 0 });
      const end = await Promise.race([next(socket, 'open'), next(socket, 'close')]);
      assert.include(['open', 'close'], end.type);
      await finish(socket);
    }
    const { socket } = reconnecting({ protocols: () => 5, maxAttempts: 0 });
    const { error } = await next(socket, 'error');
    if (error) assert.equal(error.cause.message, 'protocols has to be a name, a list of names, or a function that returns them');
  });
});

describe('shouldReconnect', () => {
  it('is asked at each end, with its CloseEvent, and ends it', async () => {
    const asked = [];
    const { socket, story } = reconnecting({
      path: '/close?code=4001&reason=no',
      shouldReconnect: (event) => {
        asked.push([event instanceof CloseEvent, event.type, event.code, event.wasClean]);
        return asked.length < 3;
      },
    });
    await next(socket, 'close');
    assert.deepEqual(
      asked,
      [1, 2, 3].map(() => [true, 'close', 4001, true]),
    );
    assert.equal(story.filter((word) => word.startsWith('open')).length, 3);
    assert.match(story.at(-1), /^close 4001 .*true 3$/);
  });

  it('is asked after an attempt that failed', async () => {
    const codes = [];
    const { socket, story } = reconnecting({ address: refused, shouldReconnect: ({ code }) => codes.push(code) < 2 });
    await next(socket, 'close');
    assert.deepEqual(codes, [1006, 1006]);
    assert.deepEqual(story, ['reconnecting 1 failed 0', 'error 3', 'close 1006  false 3']);
  });

  it('that calls close or reconnect is obeyed', async () => {
    const { socket, story } = reconnecting({
      path: '/close?code=4001',
      shouldReconnect: () => {
        socket.close();
        return true;
      },
    });
    await next(socket, 'close');
    assert.deepEqual(story, ['open 1', 'close 1006  false 3']);
  });

  for (const [what, answer] of [
    [
      'throws',
      () => {
        throw new Error('of shouldReconnect');
      },
    ],
    ['returns nonsense', () => Promise.resolve(false)],
  ]) {
    it(`that ${what} is reported, and the policy decides`, async () => {
      const reported = new Promise((resolve) => {
        const before = window.onerror;
        window.onerror = (message) => {
          window.onerror = before;
          resolve(message);
          return true;
        };
      });
      // Once: another exception would be reported to the test runner.
      let calls = 0;
      const { socket } = reconnecting({ path: '/close?code=4001', shouldReconnect: () => (calls++ === 0 ? answer() : true) });
      assert.match(await reported, /shouldReconnect/);
      await finish(socket);
    });
  }
});

describe('reconnect()', () => {
  it('on an open connection closes it and connects anew', async () => {
    const { socket, tagged, story } = reconnecting();
    await opened(socket);
    const again = next(socket, 'open');
    socket.reconnect(4002, 'another room');
    assert.equal(socket.readyState, 0);
    socket.send('later');
    await again;
    assert.equal((await next(socket, 'message')).data, 'later');
    assert.deepEqual(story, ['open 1', 'reconnecting 1 requested 0', 'open 1', 'message later 1']);
    assert.lengthOf((await command(`list?tag=${tagged}`)).connections, 2);
    await finish(socket);
  });

  it('refuses codes and reasons as close does, in each state', async () => {
    const { socket } = reconnecting({ spreadMs: 600_000 });
    for (const state of [0, 1, 3]) {
      if (state === 1) await opened(socket);
      if (state === 3) await finish(socket);
      assert.equal(socket.readyState, state);
      for (const call of [(...args) => socket.close(...args), (...args) => socket.reconnect(...args)]) {
        throwsDom(() => call(1001), 'InvalidAccessError');
        throwsDom(() => call(4000, 'x'.repeat(124)), 'SyntaxError');
        assert.equal(socket.readyState, state);
      }
    }
  });

  it('begins a waiting attempt now', async () => {
    const { socket, tagged } = reconnecting({ spreadMs: 600_000 });
    await opened(socket);
    const dropped = next(socket, 'reconnecting');
    await command(`cut?tag=${tagged}`);
    await dropped;
    socket.reconnect();
    await opened(socket);
    await finish(socket);
  });

  it('after the end connects again, with an empty queue', async () => {
    const { socket, story } = reconnecting();
    await opened(socket);
    await finish(socket);
    socket.send('not sent');
    socket.reconnect();
    assert.deepEqual([socket.readyState, socket.bufferedAmount], [0, 0]);
    await opened(socket);
    await echoed(socket, 'again');
    await finish(socket);
    assert.deepEqual(story, ['open 1', 'close 1005  true 3', 'open 1', 'message again 1', 'close 1005  true 3']);
  });

  it('in a listener of close, and after giving up', async () => {
    const { socket, tagged, story } = reconnecting({ path: '/close?code=4001', maxAttempts: 0 });
    await new Promise((resolve) => {
      let ends = 0;
      socket.onclose = () => {
        ends += 1;
        if (ends < 3) socket.reconnect();
        else resolve();
      };
    });
    assert.deepEqual(
      story,
      [1, 2, 3].flatMap(() => ['open 1', 'close 4001  true 3']),
    );
    assert.lengthOf((await command(`list?tag=${tagged}`)).connections, 3);
  });

  it('while it closes connects again', async () => {
    const { socket, story } = reconnecting();
    await opened(socket);
    socket.close();
    const again = next(socket, 'open');
    socket.reconnect();
    await again;
    assert.deepEqual(story, ['open 1', 'open 1']);
    await finish(socket);
  });

  it('within the conversion of an argument breaks nothing', async () => {
    const { socket } = reconnecting();
    await opened(socket);
    const again = next(socket, 'open');
    const text = {
      toString() {
        socket.reconnect();
        return 'converted';
      },
    };
    socket.send(text);
    await again;
    await echoed(socket, 'whole');
    await finish(socket);
  });
});

describe('close with the option reconnect', () => {
  it('while an attempt is under way: no error, since it was asked for', async () => {
    const { socket, story } = reconnecting({ path: '/silent' });
    const end = next(socket, 'close');
    socket.close();
    assert.equal(socket.readyState, 2);
    await end;
    assert.deepEqual(story, ['close 1006  false 3']);
  });

  it('while an attempt is waited for: in a task of its own', async () => {
    const { socket, story } = reconnecting({ address: refused, spreadMs: 600_000 });
    await next(socket, 'reconnecting');
    const end = next(socket, 'close');
    socket.close(4000, 'unheard');
    assert.deepEqual([story.length, socket.readyState], [1, 2]);
    await end;
    assert.equal(story[1], 'close 1006  false 3');
  });

  it('in a listener of reconnecting', async () => {
    const { socket, story } = reconnecting({ address: refused });
    socket.onreconnecting = () => socket.close();
    await next(socket, 'close');
    assert.equal(story.at(-1), 'close 1006  false 3');
    assert.lengthOf(story, 2);
  });
});
