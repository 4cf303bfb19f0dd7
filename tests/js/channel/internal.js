// What an error inside of the package comes to: the channels of that instance end with INTERNAL, and the next one works.

import { assert } from 'chai';
import { ChannelError, ConnectError, SendError } from 'websocket-channel';
import { url } from '../server.js';
import { broken } from './broken.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';
import { Channel } from './transport.js';

describe('a Channel whose instance is given up', () => {
  it('ends with INTERNAL everything that waits, and the next channel works', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text' });
    // Firefox connects to a host one at a time, and now and then holds the next one back behind one that was given up.
    const path = navigator.userAgent.includes('Firefox') ? '/echo' : '/silent';
    await channel.opened;
    const opening = new Channel(url(path), { connectTimeoutMs: 0 });
    const reading = read(channel).catch((error) => error);
    await broken(async () => {
      const error = await rejects(() => channel.send('never'), SendError);
      assert.equal(error.code, 'INTERNAL');
      assert.equal((await reading).code, 'INTERNAL');
      assert.instanceOf(await reading, ChannelError);
      assert.equal((await rejects(() => opening.opened, ConnectError)).code, 'INTERNAL');
      assert.deepEqual(await channel.closed, { code: 1006, reason: '', wasClean: false, by: 'error', unsentBytes: 0 });
      assert.equal(channel.status.state, 'closed');
      assert.equal(channel.status.reason.code, 'INTERNAL');
      assert.deepEqual([channel.status.queuedBytes, channel.status.droppedMessages], [0, 0]);
      assert.equal((await opening.closed).by, 'error');
    });
    assert.equal((await rejects(() => channel.send('late'), SendError)).code, 'INTERNAL');
    assert.equal((await rejects(async () => channel.trySend('late'), SendError)).code, 'INTERNAL');
    assert.equal((await rejects(() => read(channel), ChannelError)).code, 'INTERNAL');
    assert.equal((await channel.close()).by, 'error');
    const next = new Channel(url('/echo'), { codec: 'text' });
    await next.send('fine');
    assert.equal(await read(next), 'fine');
    await next.close();
  });
});
