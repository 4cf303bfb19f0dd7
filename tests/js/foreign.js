// Objects of another realm: those of a frame are taken wherever ours are.

import { assert } from 'chai';
import { Channel, WebSocket } from 'websocket-channel';
import { finish, next, opened, url } from './server.js';

/** The window of a frame of this origin, for the time of `action`. */
async function inFrame(action) {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  try {
    return await action(frame.contentWindow);
  } finally {
    frame.remove();
  }
}

const bytesOf = (inner) => {
  const bytes = inner.Uint8Array.of(0, 1, 2, 3, 4);
  return {
    ArrayBuffer: bytes.buffer.slice(1, 4),
    Uint8Array: bytes.subarray(1, 4),
    DataView: new inner.DataView(bytes.buffer, 1, 3),
    Int16Array: new inner.Int16Array(bytes.buffer.slice(1, 3)),
    'a buffer that may be resized': new inner.Uint8Array(new inner.ArrayBuffer(3, { maxByteLength: 8 })),
  };
};

describe('objects of another realm', () => {
  it('are sent by a channel', () =>
    inFrame(async (inner) => {
      for (const codec of ['raw', 'bytes', { encode: (value) => value, decode: (message) => message }]) {
        const channel = new Channel(url('/echo'), { codec });
        const values = channel[Symbol.asyncIterator]();
        for (const [name, value] of Object.entries(bytesOf(inner))) {
          const view = inner.ArrayBuffer.isView(value) ? value : new inner.Uint8Array(value);
          const expected = [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
          await channel.send(value);
          assert.deepEqual([...(await values.next()).value], expected, name);
        }
        await channel.close();
      }
    }));

  it('are sent by the class', () =>
    inFrame(async (inner) => {
      const socket = await opened(new WebSocket(new inner.URL(url('/echo')), inner.Array.of()));
      for (const value of [...Object.values(bytesOf(inner)).slice(0, 4), new inner.Blob(['abc'])]) {
        const message = next(socket, 'message');
        socket.send(value);
        assert.equal((await message).data.size, value.byteLength ?? value.size);
      }
      await finish(socket);
    }));

  it('are options: a URL, an array, a signal', () =>
    inFrame(async (inner) => {
      const controller = new inner.AbortController();
      const options = inner.Object.assign(new inner.Object(), { protocols: inner.Array.of('chat.v1'), signal: controller.signal });
      const channel = new Channel(new inner.URL(url('/echo')), options);
      await channel.opened;
      controller.abort();
      assert.equal((await channel.closed).by, 'local');
    }));

  it('other values are an error: one with such a name, shared memory itself, nothing', async () => {
    const channel = new Channel(url('/echo'));
    const named = { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 3 };
    for (const value of [named, {}, [1, 2], null, undefined, 5, new Blob(['x'])]) {
      const error = await channel.send(value).catch((thrown) => thrown);
      assert.equal(error.code, 'ENCODE_FAILED');
      assert.strictEqual(error.value, value);
    }
    await channel.close();
  });
});

describe('codec json', () => {
  /** Over a stand-in, which sends what a test gives it. */
  class Peer extends EventTarget {
    static last;
    readyState = 1;
    bufferedAmount = 0;
    protocol = '';
    extensions = '';

    constructor() {
      super();
      Peer.last = this;
    }

    tell(type, init) {
      this.dispatchEvent(Object.assign(new Event(type), init));
    }

    close() {
      this.readyState = 3;
      this.tell('close', { code: 1000, reason: '', wasClean: true });
    }
  }

  it('reads binary messages, as Rust does, and refuses what is not UTF-8 or has a byte order mark', async () => {
    const channel = new Channel('ws://nowhere.invalid/', { codec: 'json', WebSocket: Peer });
    await Promise.resolve();
    Peer.last.tell('open');
    await channel.opened;
    const utf8 = new TextEncoder();
    const messages = [utf8.encode('{"text":"in bytes: é"}'), Uint8Array.of(0x22, 0xff, 0x22), utf8.encode('\ufeff1'), utf8.encode('{')];
    for (const { buffer } of messages) Peer.last.tell('message', { data: buffer });
    const values = channel[Symbol.asyncIterator]();
    assert.deepEqual((await values.next()).value, { text: 'in bytes: é' });
    for (const bytes of messages.slice(1)) {
      const error = await values.next().catch((thrown) => thrown);
      assert.equal(error.code, 'DECODE_FAILED');
      assert.deepEqual([...error.raw], [...bytes]);
    }
    await channel.close();
  });
});
