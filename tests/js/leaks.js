// What is kept and what is let go. Only Chromium lets a page ask for a garbage collection.

import { assert } from 'chai';
import { Channel, WebSocket } from 'websocket-channel';
import { copyOfPackage } from './copy.js';
import { finish, gone as everyEnded, next, opened, refused, tag, url } from './server.js';

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

  it('takes an open channel that only a listener to its status knows, and closes it', async () => {
    const tagged = tag();
    const weak = await (async () => {
      const channel = new Channel(url(`/echo?tag=${tagged}`));
      channel.status.addEventListener('change', () => channel.status.state);
      await channel.opened;
      return new WeakRef(channel);
    })();
    await gone(weak);
    await everyEnded(tagged);
  });

  it('leaves an open channel whose next value is waited for', async () => {
    const { weak, status } = await (async () => {
      const channel = new Channel(url('/echo'), { codec: 'text' });
      await channel.send('first');
      const values = [];
      (async () => {
        for await (const value of channel) values.push(value);
      })();
      return { weak: new WeakRef(channel), status: channel.status };
    })();
    for (let i = 0; i < 20; i += 1) await collect();
    assert.equal(status.state, 'open');
    await weak.deref().close();
  });

  it('keeps an open socket that only its listener refers to', async () => {
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

  describe("frees Rust's memory, and the objects that it held,", () => {
    /** Rounds of `use`, each followed by collections until nothing is held that was not before; memory must stop to grow. */
    const returns = async (copy, use, transport) => {
      // What stays is made once.
      const end = copy.channel(url('/echo'), { transport });
      await end.opened;
      await end.close();
      const [instance] = copy.instances;
      const rest = instance.references;
      const round = async () => {
        await use(() => assert.isAbove(instance.references, rest));
        do await collect();
        while (instance.references > rest);
      };
      await round();
      const { memory } = instance;
      for (let n = 0; n < 5; n += 1) await round();
      assert.equal(instance.memory, memory);
      assert.lengthOf(copy.instances, 1);
    };

    for (const transport of globalThis.WebSocketStream ? ['websocket', 'websocket-stream'] : ['websocket']) {
      it(`of channels that nobody closed, over ${transport}`, async () => {
        const [copy, tagged] = [await copyOfPackage(), tag()];
        const use = async (held) => {
          const options = { sendHighWaterMarkBytes: 100, transport };
          const channels = Array.from({ length: 8 }, () => copy.channel(url(`/echo?tag=${tagged}`), options));
          // More than a page of wasm in all, so that a leak would show.
          await Promise.all(channels.map((channel) => channel.send('x'.repeat(20_000))));
          held();
        };
        await returns(copy, use, transport);
        // None of them is left to the browser, either.
        await everyEnded(tagged);
      });

      it(`of channels that somebody reads, writes and watches, and lets go, over ${transport}`, async () => {
        const copy = await copyOfPackage();
        const use = async (held) => {
          const { signal } = new AbortController();
          for (let n = 0; n < 4; n += 1) {
            const channel = copy.channel(url('/echo'), { signal, transport });
            channel.status.addEventListener('change', () => {});
            const writer = channel.writable.getWriter();
            const reader = channel.readable.getReader();
            await writer.write('x'.repeat(20_000));
            await reader.read();
            held();
          }
        };
        await returns(copy, use, transport);
      });

      it(`of channels that were closed, cut or given up, over ${transport}`, async () => {
        const copy = await copyOfPackage();
        const use = async () => {
          const closed = copy.channel(url('/flood?count=100&size=1000&then=stay'), { receiveBufferBytes: 50_000, transport });
          await closed.opened;
          await closed.close();
          const cut = copy.channel(url('/cut'), { transport });
          await cut.send('cut me');
          await cut.closed;
          const abort = new AbortController();
          const given = copy.channel(url('/silent'), { signal: abort.signal, transport });
          setTimeout(() => abort.abort());
          await given.closed;
          await copy.channel(refused, { transport }).closed;
        };
        await returns(copy, use, transport);
      });
    }

    it('of sockets without references, when their peer ends them', async () => {
      const copy = await copyOfPackage();
      const use = (held) => {
        const sockets = Array.from({ length: 8 }, () => copy.socket(url('/close?code=3333&reason=peer')));
        held();
        return Promise.all(sockets.map((socket) => next(socket, 'close')));
      };
      await returns(copy, use);
    });
  });
});
