// What is kept and what is let go. Only Chromium lets a page ask for a garbage collection.

import { assert } from 'chai';
import { Channel, WebSocket } from 'websocket-channel';
import { finish, next, opened, url } from './server.js';

describe('garbage collection', function () {
  before(function () {
    if (typeof gc !== 'function') this.skip();
  });

  /** Collects until `weak` is gone; the test's time limit is the end of patience. */
  const gone = async (weak) => {
    do {
      // A job of its own: what a WeakRef showed is kept until the end of the job that looked.
      await new Promise((resolve) => setTimeout(resolve));
      gc();
    } while (weak.deref());
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
    // The flood begins at open: the only way from here to the socket is through what it calls.
    const count = await new Promise((resolve) => {
      let messages = 0;
      const socket = new WebSocket(url('/flood?count=50&size=100'));
      socket.onopen = gc;
      socket.onmessage = () => {
        messages += 1;
        gc();
      };
      socket.onclose = () => resolve(messages);
    });
    assert.equal(count, 50);
  });
});
