// Ends: ours and the peer's.

import { assert } from 'chai';
import { eachClass } from './classes.js';
import { finish, next, opened, url } from './server.js';
import { throwsDom } from './thrown.js';

const how = ({ code, reason, wasClean }) => [code, reason, wasClean];

eachClass('close', (Class) => {
  // The server sends back what it was told, so that both are seen to have arrived.
  it('takes 1000 and 3000 to 4999, and they reach the peer and come back', async () => {
    for (const code of [1000, 3000, 4000, 4999]) {
      const socket = await opened(new Class(url('/echo')));
      const end = next(socket, 'close');
      socket.close(code, 'done');
      assert.deepEqual(how(await end), [code, 'done', true]);
    }
  });

  it('throws at any other code, and nothing has happened', async () => {
    const socket = await opened(new Class(url('/echo')));
    for (const code of [0, 999, 1001, 1005, 1006, 1015, 2999, 5000, 65536 + 1000, -1, NaN, null]) {
      throwsDom(() => socket.close(code), 'InvalidAccessError', `${code}`);
    }
    assert.equal(socket.readyState, 1);
    const message = next(socket, 'message');
    socket.send('still open');
    assert.equal((await message).data, 'still open');
    await finish(socket);
  });

  it('takes a reason of 123 bytes and throws at one more', async () => {
    const socket = await opened(new Class(url('/echo')));
    throwsDom(() => socket.close(1000, 'é'.repeat(62)), 'SyntaxError');
    assert.equal(socket.readyState, 1);
    const reason = `${'é'.repeat(61)}.`;
    const end = next(socket, 'close');
    socket.close(1000, reason);
    assert.deepEqual(how(await end), [1000, reason, true]);
  });

  it('without arguments has no code', async () => {
    for (const args of [[], [undefined], [undefined, undefined]]) {
      const socket = await opened(new Class(url('/echo')));
      const end = next(socket, 'close');
      socket.close(...args);
      assert.deepEqual(how(await end), [1005, '', true]);
    }
  });

  it('twice is once', async () => {
    const socket = await opened(new Class(url('/echo')));
    const end = next(socket, 'close');
    socket.close(4001, 'first');
    socket.close(4002, 'second');
    assert.deepEqual(how(await end), [4001, 'first', true]);
    socket.close(4003, 'third');
    assert.equal(socket.readyState, 3);
  });

  it('before open fails the connection', async () => {
    const socket = new Class(url('/echo'));
    const types = [];
    for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => types.push(type));
    const end = next(socket, 'close');
    socket.close();
    assert.equal(socket.readyState, 2);
    assert.deepEqual(how(await end), [1006, '', false]);
    assert.deepEqual(types, ['error', 'close']);
  });
});

eachClass("the peer's end", (Class) => {
  for (const [query, expected] of [
    ['?code=1000&reason=bye', [1000, 'bye', true]],
    ['?code=4321&reason=%E2%82%AC', [4321, '€', true]],
    ['?code=3000', [3000, '', true]],
    ['', [1005, '', true]],
  ]) {
    it(`/close${query} is told with code and reason`, async () => {
      const socket = new Class(url(`/close${query}`));
      const types = [];
      for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => types.push(type));
      assert.deepEqual(how(await next(socket, 'close')), expected);
      assert.equal(socket.readyState, 3);
      assert.deepEqual(types, ['open', 'close']);
    });
  }

  it('comes after every message that came before', async () => {
    const socket = new Class(url('/flood?count=100&size=1000'));
    let count = 0;
    socket.onmessage = () => (count += 1);
    const end = await next(socket, 'close');
    assert.deepEqual([count, ...how(end)], [100, 1000, '', true]);
  });
});
