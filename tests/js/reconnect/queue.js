// What is sent while no connection is open: the option `reconnect` of the class `WebSocket`.

import { assert } from 'chai';
import { SendError } from 'websocket-channel';
import { command, finish, next, opened } from '../server.js';
import { throwsDom } from '../thrown.js';
import { reconnecting } from './story.js';

/** A socket whose connection was cut and whose next attempt is far away. */
async function cut(more) {
  const made = reconnecting({ spreadMs: 600_000, ...more });
  await opened(made.socket);
  const dropped = next(made.socket, 'reconnecting');
  await command(`cut?tag=${made.tagged}`);
  await dropped;
  return made;
}

describe('sends between connections', () => {
  it('wait, and arrive in order, before open', async () => {
    const { socket, story } = await cut();
    const bytes = Uint8Array.from('abc', (letter) => letter.charCodeAt(0));
    socket.send('é');
    socket.send(bytes);
    socket.send(bytes.buffer);
    socket.send(new DataView(bytes.buffer, 1, 1));
    socket.send(new Blob(['blob']));
    socket.send(5);
    // Copied, as within the platform's `send`.
    bytes.fill(0);
    assert.equal(socket.bufferedAmount, 2 + 3 + 3 + 1 + 4 + 1);
    socket.binaryType = 'arraybuffer';
    const arrived = [];
    const all = new Promise((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        arrived.push(typeof data === 'string' ? data : new TextDecoder().decode(data));
        if (arrived.length === 7) resolve();
      });
    });
    socket.onopen = () => socket.send('in open');
    socket.reconnect();
    await all;
    assert.deepEqual(arrived, ['é', 'abc', 'abc', 'b', 'blob', '5', 'in open']);
    assert.deepEqual(story.slice(0, 3), ['open 1', 'reconnecting 1 closed 0', 'open 1']);
    assert.equal(socket.bufferedAmount, 0);
    await finish(socket);
  });

  it('before the first connection wait, too', async () => {
    const { socket } = reconnecting();
    socket.send('early');
    assert.equal((await next(socket, 'message')).data, 'early');
    await finish(socket);
  });

  it('past maxQueuedBytes throw, and what waits stays', async () => {
    const { socket } = await cut({ maxQueuedBytes: 100 });
    socket.send('x'.repeat(30));
    let thrown;
    try {
      socket.send('y'.repeat(7));
    } catch (error) {
      thrown = error;
    }
    assert.instanceOf(thrown, SendError);
    assert.deepEqual([thrown.code, thrown.value], ['QUEUE_FULL', 'y'.repeat(7)]);
    assert.match(thrown.message, /100 bytes.*maxQueuedBytes/);
    socket.send('z'.repeat(6));
    assert.equal(socket.bufferedAmount, 36);
    const message = next(socket, 'message');
    socket.reconnect();
    assert.equal((await message).data, 'x'.repeat(30));
    await finish(socket);
  });

  it('have a bound by default, and empty ones as well', async () => {
    const { socket } = await cut();
    socket.send(new Uint8Array(2 ** 20 - 32));
    assert.throws(() => socket.send(''), SendError);
    await finish(socket);
    const { socket: another } = await cut();
    let sent = 0;
    assert.throws(() => {
      for (; sent < 1e6; sent += 1) another.send('');
    }, SendError);
    assert.equal(sent, 2 ** 15);
    await finish(another);
  });

  it("with 'drop' are dropped", async () => {
    const { socket } = await cut({ whileDisconnected: 'drop' });
    socket.send('dropped');
    assert.equal(socket.bufferedAmount, 0);
    const again = next(socket, 'open');
    socket.reconnect();
    await again;
    const message = next(socket, 'message');
    socket.send('sent');
    assert.equal((await message).data, 'sent');
    await finish(socket);
  });

  it("with 'throw' throw what the standard's class throws", async () => {
    const { socket } = await cut({ whileDisconnected: 'throw' });
    throwsDom(() => socket.send('refused'), 'InvalidStateError');
    await finish(socket);
  });

  it('that are no message throw a TypeError, and shared memory too', async () => {
    const { socket } = await cut();
    assert.throws(() => socket.send(), TypeError);
    assert.throws(() => socket.send(Symbol('none')), TypeError);
    if (globalThis.SharedArrayBuffer) assert.throws(() => socket.send(new Uint8Array(new SharedArrayBuffer(1))), TypeError);
    await finish(socket);
  });

  it('after the end are counted and not sent, as in the standard', async () => {
    const { socket } = await cut();
    await finish(socket);
    socket.send('four');
    assert.equal(socket.bufferedAmount, 4);
  });
});
