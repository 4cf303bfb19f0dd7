// What a browser forbids: each has its own way to say so. Ours follows it, and always ends with `close`.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { completed, same, transcriptOf } from './transcript.js';

/** Long enough for a `close` that is late: not every browser fires it here, and nothing says so. */
const PATIENCE_MS = 200;

it('a connection that the security policy forbids ends the same', async () => {
  const frame = document.createElement('iframe');
  frame.src = `./blocked.html${location.search}`;
  const told = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }));
  document.body.append(frame);
  try {
    const { theirs, ours, error } = await told;
    assert.isUndefined(error);
    same(ours, completed(theirs));
  } finally {
    frame.remove();
  }
});

it('a port that browsers block ends the same', async () => {
  const scenario = async (t) => {
    const socket = t.attempt('new', () => t.open('ws://127.0.0.1:25/'));
    if (!socket) return;
    t.state(socket);
    await t.next(socket, 'error');
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    t.state(socket);
  };
  const theirs = await transcriptOf(globalThis.WebSocket, scenario);
  same(await transcriptOf(WebSocket, scenario), completed(theirs));
});
