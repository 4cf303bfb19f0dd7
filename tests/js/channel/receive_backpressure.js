// The option `transport`, in a browser that has `WebSocketStream` and in one that has not.

import { assert } from 'chai';
import { Channel, ConnectError } from 'websocket-channel';
import { url } from '../server.js';
import { read } from './exchange.js';
import { rejects } from './rejection.js';

describe('the transport of a Channel', () => {
  it('is WebSocketStream where it is asked for and there is one, and nothing where there is none', async () => {
    const channel = new Channel(url('/echo'), { codec: 'text', transport: 'websocket-stream' });
    if (globalThis.WebSocketStream) {
      await channel.send('by stream');
      assert.equal(await read(channel), 'by stream');
      assert.isTrue(channel.status.receiveBackpressure);
    } else {
      const error = await rejects(() => channel.opened, ConnectError);
      assert.equal(error.code, 'UNSUPPORTED');
      assert.notMatch(error.message, /UNSUPPORTED|\$/);
    }
    await channel.close();
  });

  it('is the one of the two that has receive backpressure, and the status shows which', async () => {
    const channel = new Channel(url('/echo'), { codec: 'bytes', transport: 'auto' });
    assert.isFalse(channel.status.receiveBackpressure);
    await channel.opened;
    assert.equal(channel.status.receiveBackpressure, 'WebSocketStream' in globalThis);
    // Over `WebSocketStream` this is refused, and over `WebSocket` it is not.
    const sent = await channel.send(new Uint8Array((64 << 10) + 1)).then(
      () => true,
      (error) => error.code,
    );
    assert.equal(sent, globalThis.WebSocketStream ? 'SEND_REFUSED' : true);
    await channel.close();
  });

  it('is WebSocket otherwise', async () => {
    for (const transport of [undefined, 'websocket']) {
      const channel = new Channel(url('/echo'), { codec: 'bytes', transport });
      await channel.send(new Uint8Array((64 << 10) + 1));
      assert.lengthOf(await read(channel), (64 << 10) + 1);
      assert.isFalse(channel.status.receiveBackpressure);
      await channel.close();
    }
  });
});
