// Runs in `restored.html`: a page with an open channel that is left and come back to, or frozen. What a page's listeners find is kept in `window.found`.

import { Channel } from './websocket-channel.js';

const channel = new Channel(`${new URLSearchParams(location.search).get('origin')}/echo`, { codec: 'text' });
const found = { persisted: [], seen: [], sent: [], echoed: [], ended: null };
window.found = found;

// As a page does that sends when it is seen again.
function look(event) {
  if (event.type === 'pageshow') found.persisted.push(event.persisted);
  if (event.type === 'pageshow' && !event.persisted) return;
  const number = found.sent.length;
  const { state } = channel.status;
  let tried;
  try {
    tried = channel.trySend(`tried in ${event.type}`);
  } catch ({ code }) {
    tried = code;
  }
  found.seen.push({ event: event.type, state, tried });
  found.sent.push('pending');
  channel.send(`sent in ${event.type}`).then(
    () => (found.sent[number] = `resolved: sent in ${event.type}`),
    ({ code, value }) => (found.sent[number] = `${code}: ${value}`),
  );
}
window.addEventListener('pageshow', look);
document.addEventListener('resume', look);

await channel.opened;
window.isReady = true;
try {
  for await (const value of channel) found.echoed.push(value);
  found.ended = 'without an error';
} catch ({ code, closed }) {
  found.ended = { thrown: code, ...closed };
}
