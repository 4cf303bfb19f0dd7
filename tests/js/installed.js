// Ours in the place of the browser's own: `globalThis.WebSocket = WebSocket`, as a polyfill would do it.

import { assert } from 'chai';
import { Channel, WebSocket } from 'websocket-channel';
import { finish, next, opened, url } from './server.js';

const Browser = globalThis.WebSocket;

describe('put in the place of the global class', () => {
  beforeEach(() => {
    globalThis.WebSocket = WebSocket;
  });
  afterEach(() => {
    globalThis.WebSocket = Browser;
  });

  it('it still finds the one of the browser', async () => {
    const socket = await opened(new globalThis.WebSocket(url('/echo')));
    assert.instanceOf(socket, WebSocket);
    const message = next(socket, 'message');
    socket.send('x');
    assert.equal((await message).data, 'x');
    await finish(socket);
  });

  it('Channel does so as well', async () => {
    const channel = new Channel(url('/echo'));
    await channel.opened;
    await channel.close();
  });

  it('a subclass of it may be there', async () => {
    globalThis.WebSocket = class extends WebSocket {};
    await finish(await opened(new globalThis.WebSocket(url('/echo'))));
  });
});
