// A Channel that nobody holds any more. Only Chromium lets a page ask for a garbage collection.

import { assert } from 'chai';
import { url } from '../server.js';
import { Channel } from './transport.js';

describe('a Channel without references', function () {
  before(function () {
    if (typeof gc !== 'function') this.skip();
  });

  /** Collects, each time in a job of its own, until it has happened; the test's time limit is the end of patience. */
  async function collectUntil(happened) {
    while (!(await Promise.race([happened, Promise.resolve(false)]))) {
      await new Promise((resolve) => setTimeout(resolve));
      gc();
    }
  }

  it('closes, although its closed and its status are still referred to', async () => {
    const abort = new AbortController();
    const { closed, status } = await (async () => {
      const channel = new Channel(url('/echo'), { signal: abort.signal });
      await channel.opened;
      await channel.send('hello');
      return channel;
    })();
    await collectUntil(closed.then(() => true));
    assert.equal((await closed).by, 'local');
    assert.equal(status.state, 'closed');
  });
});
