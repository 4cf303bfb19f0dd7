// `channel.status`: how it stands, live and as events.

import { assert } from 'chai';
import { ConnectError } from 'websocket-channel';
import { url } from '../server.js';
import { Channel } from './transport.js';

/** Every state that is told, from now to the end. */
function told(channel) {
  const states = [channel.status.state];
  channel.status.addEventListener('change', ({ target }) => states.push(target.state));
  return states;
}

describe('the status of a Channel', () => {
  it('changes from connecting to open, closing and closed, with one event each', async () => {
    const channel = new Channel(url('/echo'));
    const states = told(channel);
    assert.instanceOf(channel.status, EventTarget);
    assert.strictEqual(channel.status, channel.status);
    await channel.opened;
    assert.equal(channel.status.state, 'open');
    assert.isNull(channel.status.reason);
    const closed = await channel.close(4000, 'bye');
    assert.deepEqual(states, ['connecting', 'open', 'closing', 'closed']);
    assert.strictEqual(channel.status.reason, closed);
  });

  it('of an end that the peer began has its code as the reason', async () => {
    const channel = new Channel(url('/close?code=4321&reason=why'));
    const states = told(channel);
    const closed = await channel.closed;
    assert.equal(states.at(-1), 'closed');
    assert.deepEqual([channel.status.reason.code, channel.status.reason.reason], [4321, 'why']);
    assert.strictEqual(channel.status.reason, closed);
  });

  it('of a channel that did not open has the error as the reason', async () => {
    const channel = new Channel(url('/status/404'));
    const states = told(channel);
    await channel.closed;
    assert.deepEqual(states, ['connecting', 'closed']);
    assert.instanceOf(channel.status.reason, ConnectError);
    assert.equal(channel.status.reason.code, 'CONNECT_FAILED');
  });

  it('has the fields for sessions', async () => {
    const channel = new Channel(url('/echo'));
    const { attempt, nextRetryAt, resumed, roundTripMs, queuedBytes, droppedMessages } = channel.status;
    assert.deepEqual([attempt, nextRetryAt, resumed, roundTripMs, queuedBytes, droppedMessages], [1, null, false, null, 0, 0]);
    await channel.close();
  });

  it('continues after a listener throws', async () => {
    const mochas = window.onerror;
    const reported = [];
    window.onerror = (_message, _file, _line, _column, error) => {
      reported.push(error);
      return true;
    };
    try {
      const thrown = new Error('thrown on purpose');
      const channel = new Channel(url('/echo'));
      channel.status.addEventListener('change', () => {
        throw thrown;
      });
      await channel.opened;
      assert.equal((await channel.close()).by, 'local');
      assert.isAtLeast(reported.length, 2);
      assert.isTrue(reported.every((error) => error === thrown));
    } finally {
      window.onerror = mochas;
    }
  });
});
