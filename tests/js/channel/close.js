// The ends of a Channel.

import { assert } from 'chai';
import { ChannelClosedError, CloseError, ConnectError } from 'websocket-channel';
import { refused, url } from '../server.js';
import { rejects } from './rejection.js';
import { Channel } from './transport.js';

describe('the end of a Channel', () => {
  it('of ours has our code and reason', async () => {
    const channel = new Channel(url('/echo'));
    await channel.opened;
    const closed = await channel.close(4000, 'done');
    assert.deepEqual(closed, { code: 4000, reason: 'done', wasClean: true, by: 'local', unsentBytes: 0 });
    assert.deepEqual(await channel.closed, closed);
    // A second close only waits, and the end has come.
    assert.deepEqual(await channel.close(4001, 'again'), closed);
  });

  it('of the peer has its code and reason, and a clean one ends the loop after every message', async () => {
    const channel = new Channel(url('/flood?count=30&size=10'), { codec: 'bytes' });
    let count = 0;
    for await (const message of channel) count += message.length / 10;
    assert.equal(count, 30);
    assert.deepEqual(await channel.closed, { code: 1000, reason: '', wasClean: true, by: 'remote', unsentBytes: 0 });
    const other = new Channel(url('/close?code=4321&reason=%E2%82%AC'));
    assert.deepEqual(await other.closed, { code: 4321, reason: '€', wasClean: true, by: 'remote', unsentBytes: 0 });
  });

  it('closes by break', async () => {
    const channel = new Channel(url('/flood?count=30&size=10&then=stay'));
    for await (const message of channel) {
      assert.equal(message.length, 10);
      break;
    }
    // It does not wait for the peer.
    assert.equal(channel.status.state, 'closing');
    const { code, by } = await channel.closed;
    assert.deepEqual([code, by], [1000, 'local']);
  });

  it('closes by an exception in the loop, which the caller gets', async () => {
    const channel = new Channel(url('/flood?count=3&size=10&then=stay'));
    const thrown = new Error('thrown on purpose');
    const caught = await rejects(async () => {
      for await (const message of channel) {
        assert.equal(message.length, 10);
        throw thrown;
      }
    }, Error);
    assert.strictEqual(caught, thrown);
    assert.equal((await channel.closed).by, 'local');
  });

  it('throws ChannelClosedError in the loop when it is not clean', async () => {
    const channel = new Channel(url('/cut'), { codec: 'text' });
    await channel.send('cut me');
    const words = [];
    const error = await rejects(async () => {
      for await (const word of channel) words.push(word);
    }, ChannelClosedError);
    assert.deepEqual(words, ['last words']);
    assert.equal(error.code, 'CHANNEL_CLOSED');
    assert.deepEqual(error.closed, { code: 1006, reason: '', wasClean: false, by: 'error', unsentBytes: 0 });
    assert.deepEqual(await channel.closed, error.closed);
  });

  it('checks its arguments before anything happens', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text' });
    await channel.opened;
    for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, 65536 + 1000, 1000.5, NaN, '4000']) {
      assert.equal((await rejects(() => channel.close(code), CloseError, `${code}`)).code, 'BAD_CLOSE_CODE');
    }
    assert.equal((await rejects(() => channel.close(1000, 'é'.repeat(62)), CloseError)).code, 'LONG_CLOSE_REASON');
    await channel.send('still open');
    for await (const message of channel) {
      assert.equal(message, 'still open');
      break;
    }
  });

  it('checks them before it is open as well, and when it never will be', async () => {
    const [opening, never] = [new Channel(url('/echo')), new Channel(refused)];
    await never.closed;
    for (const channel of [opening, never]) {
      assert.equal((await rejects(() => channel.close(1005), CloseError)).code, 'BAD_CLOSE_CODE');
      assert.equal((await rejects(() => channel.close(4000, 'é'.repeat(62)), CloseError)).code, 'LONG_CLOSE_REASON');
    }
    await opening.opened;
    assert.equal(opening.status.state, 'open');
    await opening.close();
  });

  it('of a channel that never opened resolves closed, which never rejects', async () => {
    const channel = new Channel(refused);
    const lost = { code: 1006, reason: '', wasClean: false, by: 'error', unsentBytes: 0 };
    assert.deepEqual(await channel.closed, lost);
    assert.deepEqual(await channel.close(), lost);
  });

  it('is immediate before open, even if the handshake is never answered', async () => {
    for (const address of [url('/echo'), url('/silent')]) {
      const channel = new Channel(address, { connectTimeoutMs: 0 });
      const closed = channel.close(4002, 'early');
      assert.equal(channel.status.state, 'closed');
      assert.deepEqual(await closed, { code: 1006, reason: '', wasClean: false, by: 'local', unsentBytes: 0 });
      assert.equal((await rejects(() => channel.opened, ConnectError)).code, 'CANCELLED');
    }
  });
});
