// What is kept and what is let go. Only Chromium lets a page ask for a garbage collection.

import { assert } from 'chai';
import { Channel, WebSocket } from 'websocket-channel';
import { finish, next, opened, url } from './server.js';

describe('garbage collection', function () {
  before(function () {
    if (typeof gc !== 'function') this.skip();
  });

  /** Collects in a job of its own: what a WeakRef has shown is kept until the end of the job that looked. */
  const collect = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    gc();
  };

  /** Collects until `weak` is gone; the test's time limit is the end of patience. */
  const gone = async (weak) => {
    do await collect();
    while (weak.deref());
  };

  it('takes a socket that has ended', async () => {
    const weak = await (async () => {
      const socket = await opened(new WebSocket(url('/echo')));
      socket.onmessage = () => {};
      await finish(socket);
      return new WeakRef(socket);
    })();
    await gone(weak);
  });

  it('takes a socket that ran into its connect timeout', async () => {
    const weak = await (async () => {
      const socket = new WebSocket(url('/silent'), [], { connectTimeoutMs: 10 });
      await next(socket, 'close');
      return new WeakRef(socket);
    })();
    await gone(weak);
  });

  it('takes a channel that has ended', async () => {
    const weak = await (async () => {
      const channel = new Channel(url('/echo'));
      await channel.opened;
      await channel.close();
      return new WeakRef(channel);
    })();
    await gone(weak);
  });

  it('leaves an open socket that nobody but its listener knows', async () => {
    const { weak, heard } = await (async () => {
      const socket = await opened(new WebSocket(url('/echo')));
      const heard = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
      return { weak: new WeakRef(socket), heard };
    })();
    // More often than any of the tests above needs.
    for (let i = 0; i < 20; i += 1) await collect();
    weak.deref().send('still here');
    assert.equal(await heard, 'still here');
    await finish(weak.deref());
  });
});
