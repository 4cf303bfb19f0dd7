// Runs the JavaScript of the README.

import { assert } from 'chai';
import { next } from './server.js';

it('the JavaScript of the README runs', async () => {
  const { channel, printed, socket } = await import('./readme.js');
  const { code, wasClean, by } = await channel.closed;
  assert.deepEqual([code, wasClean, by], [1000, true, 'local']);
  if (printed.length === 0) await next(socket, 'message');
  const end = next(socket, 'close');
  socket.close(4000, 'bye');
  await end;
  assert.deepEqual(printed, [['Hello, WebSocket'], [4000, 'bye']]);
});

/** Each is done to the README's own lines. */
const ACCIDENTS = {
  'a send that fails': ['/status/404', 'NOT_OPEN'],
  'a cut': ['/fault/fin-after-open?after=client', 'CHANNEL_CLOSED'],
  'a message that is not JSON': ['/flood?count=1&size=3', 'DECODE_FAILED'],
};

for (const [what, [service, code]] of Object.entries(ACCIDENTS)) {
  it(`the JavaScript of the README survives ${what}`, async () => {
    const { channel, printed, socket } = await import(`./readme.js?service=${encodeURIComponent(service)}`);
    await channel.closed;
    assert.equal(printed.find(([first]) => typeof first === 'string' && /^[A-Z]+(_[A-Z]+)+$/.test(first))[0], code);
    if (socket.readyState !== 3) {
      const end = next(socket, 'close');
      socket.close();
      await end;
    }
  });
}
