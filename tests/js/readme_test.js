// Runs the JavaScript of the README.

import { assert } from 'chai';
import { next } from './server.js';

it('the JavaScript of the README runs', async () => {
  const { channel, printed, socket } = await import('./readme.js');
  const { code, wasClean, by } = await channel.closed;
  assert.deepEqual([code, wasClean, by], [1000, true, 'us']);
  if (printed.length === 0) await next(socket, 'message');
  const end = next(socket, 'close');
  socket.close(4000, 'bye');
  await end;
  assert.deepEqual(printed, [['Hello, WebSocket'], [4000, 'bye']]);
});
