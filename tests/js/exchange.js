// Messages of every length class, byte-exact both ways.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { eachClass } from './classes.js';
import { bytes, firstDifference, SIZES, text } from './payloads.js';
import { finish, next, opened, url } from './server.js';
import { throwsDom } from './thrown.js';

eachClass('a message comes back exactly', (Class) => {
  const echo = async (binaryType, payloads) => {
    const socket = await opened(new Class(url('/echo')));
    socket.binaryType = binaryType;
    const received = [];
    for (const payload of payloads) {
      const message = next(socket, 'message');
      socket.send(payload);
      received.push((await message).data);
    }
    await finish(socket);
    return received;
  };

  for (const size of SIZES) {
    it(`text of ${size} bytes`, async () => {
      const sent = text(size);
      assert.equal(new TextEncoder().encode(sent).length, size);
      const [received] = await echo('blob', [sent]);
      assert.isTrue(received === sent, `${received.length} other characters came back`);
    });

    it(`${size} bytes as ArrayBuffer`, async () => {
      const sent = bytes(size);
      const [received] = await echo('arraybuffer', [sent]);
      assert.instanceOf(received, ArrayBuffer);
      assert.equal(firstDifference(new Uint8Array(received), sent), -1);
    });

    it(`${size} bytes as Blob`, async () => {
      const sent = bytes(size);
      const [received] = await echo('blob', [new Blob([sent])]);
      assert.instanceOf(received, Blob);
      assert.equal(firstDifference(new Uint8Array(await received.arrayBuffer()), sent), -1);
    });
  }

  it('of each kind that can be sent', async () => {
    const sent = bytes(64);
    const kinds = [sent, sent.buffer, new DataView(sent.buffer), new Uint8Array(sent.buffer, 5, 7), 42, null, 'a\ud800b'];
    const received = await echo('arraybuffer', kinds);
    const shown = received.map((data) => (typeof data === 'string' ? data : [...new Uint8Array(data)]));
    const all = [...sent];
    assert.deepEqual(shown, [all, all, all, all.slice(5, 12), '42', 'null', 'a\ufffdb']);
  });

  it('even when its buffer is changed after the call', async () => {
    const buffer = bytes(1000);
    const socket = await opened(new Class(url('/echo')));
    socket.binaryType = 'arraybuffer';
    const message = next(socket, 'message');
    socket.send(buffer);
    buffer.fill(0);
    assert.equal(firstDifference(new Uint8Array((await message).data), bytes(1000)), -1);
    await finish(socket);
  });

  it('in the order in which it was sent, text and bytes', async () => {
    const socket = await opened(new Class(url('/echo')));
    socket.binaryType = 'arraybuffer';
    const received = [];
    const all = new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        received.push(typeof data === 'string' ? data : new Uint8Array(data)[0]);
        if (received.length === 200) resolve();
      };
    });
    const sent = Array.from({ length: 200 }, (_, n) => (n % 3 === 0 ? n : `${n}`));
    for (const each of sent) socket.send(typeof each === 'string' ? each : Uint8Array.of(each));
    await all;
    assert.deepEqual(received, sent);
    await finish(socket);
  });
});

describe('postMessage', () => {
  it('sends as send does: the name of 2009', async () => {
    const socket = await opened(new WebSocket(url('/echo')));
    const message = next(socket, 'message');
    socket.postMessage('Hello, WebSocket');
    assert.equal((await message).data, 'Hello, WebSocket');
    await finish(socket);
  });

  it('throws as send does', async () => {
    const socket = new WebSocket(url('/echo'));
    throwsDom(() => socket.postMessage('early'), 'InvalidStateError');
    await opened(socket);
    assert.throws(() => socket.postMessage(), TypeError);
    await finish(socket);
  });

  it('looks as send does', () => {
    const { send, postMessage } = Object.getOwnPropertyDescriptors(WebSocket.prototype);
    assert.deepEqual({ ...postMessage, value: 0 }, { ...send, value: 0 });
    assert.deepEqual([postMessage.value.name, postMessage.value.length], ['postMessage', 1]);
    assert.throws(() => postMessage.value.call({}, 'x'), TypeError);
  });
});
