// `connectTimeoutMs`, the third argument.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { finish, next, opened, refused, url } from './server.js';

describe('connectTimeoutMs', () => {
  it('fails a connection that the server never answers: error, then close with 1006', async () => {
    const socket = new WebSocket(url('/silent'), [], { connectTimeoutMs: 200 });
    const transcript = [];
    socket.onopen = () => transcript.push('open');
    socket.onerror = () => transcript.push(`error ${socket.readyState}`);
    const { code, reason, wasClean } = await next(socket, 'close');
    assert.deepEqual([code, reason, wasClean, socket.readyState], [1006, '', false, 3]);
    assert.deepEqual(transcript, ['error 3']);
    // As after any other end.
    socket.send('lost');
    socket.close(1000, 'nothing happens');
    assert.equal(socket.readyState, 3);
  });

  it('does nothing to a connection that opened in time', async () => {
    const limit = 300;
    const socket = await opened(new WebSocket(url('/echo'), [], { connectTimeoutMs: limit }));
    // Longer than the limit, set after it: whatever the limit does, it has done by then.
    await new Promise((resolve) => setTimeout(resolve, limit + 1));
    const message = next(socket, 'message');
    socket.send('still open');
    assert.equal((await message).data, 'still open');
    await finish(socket);
  });

  it('may be longer than setTimeout can count', async () => {
    for (const connectTimeoutMs of [2 ** 31, 2 ** 32, Infinity]) {
      await finish(await opened(new WebSocket(url('/echo'), [], { connectTimeoutMs })));
    }
  });

  it('is a number that is not negative', () => {
    for (const connectTimeoutMs of [-1, NaN, '5', {}]) {
      assert.throws(() => new WebSocket(url('/echo'), [], { connectTimeoutMs }), TypeError);
    }
  });

  it('is none when it is 0, undefined, or the third argument is left out or null', async () => {
    for (const options of [{ connectTimeoutMs: 0 }, { connectTimeoutMs: undefined }, undefined, null]) {
      await finish(await opened(new WebSocket(url('/echo'), [], options)));
    }
  });
});

describe('connectTimeoutMs and a connection that fails by itself', () => {
  for (const [what, address] of [
    ['a port that nobody listens on', refused],
    ['a server that answers 404', url('/status/404')],
  ]) {
    it(`${what} gives error and close once, not again when the time is up`, async () => {
      const limit = 500;
      const socket = new WebSocket(address, [], { connectTimeoutMs: limit });
      const transcript = [];
      socket.onerror = () => transcript.push('error');
      socket.onclose = ({ code, wasClean }) => transcript.push(`close ${code} ${wasClean}`);
      // Longer than the limit, set after it: whatever the limit does, it has done by then.
      await new Promise((resolve) => setTimeout(resolve, limit + 1));
      assert.deepEqual(transcript, ['error', 'close 1006 false']);
    });
  }
});
