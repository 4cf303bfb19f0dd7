// Runs in `blocked.html`, and tells the page around it what happens to both classes there.

import { WebSocket } from 'websocket-channel';
import { transcriptOf } from './transcript.js';

/** Long enough for an event that is late, and no more than that: some browsers never fire `close` here, and nothing says so. */
const PATIENCE_MS = 200;

async function scenario(t) {
  const socket = t.attempt('construct', () => t.open('/echo'));
  if (!socket) return;
  t.say('at once', socket.readyState);
  await new Promise((resolve) => {
    socket.addEventListener('error', resolve, { once: true });
    socket.addEventListener('close', resolve, { once: true });
  });
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  t.say('at last', socket.readyState);
  t.attempt('send', () => socket.send('x'));
  t.attempt('close', () => socket.close());
}

const transcripts = {};
try {
  transcripts.theirs = await transcriptOf(globalThis.WebSocket, scenario);
  transcripts.ours = await transcriptOf(WebSocket, scenario);
} catch (error) {
  transcripts.error = `${error}`;
}
parent.postMessage(transcripts, '*');
