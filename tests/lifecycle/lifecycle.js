// Runs in `lifecycle.html`. What the channel tells, and what the page's own listeners find, is kept in `window.notes` with its time.
import init, { open, send, status } from './websocket_channel_lifecycle.js';

window.notes = [];
window.note = (what) => window.notes.push({ what, at: performance.now() });
window.send = send;
window.channelStatus = status;

// As a page does that sends when it is seen again.
function look({ type, persisted }) {
  if (type === 'pageshow' && !persisted) return;
  window.note(`${type}: ${status()}`);
  send(`from ${type}`);
}
window.addEventListener('pageshow', look);
document.addEventListener('resume', look);
window.addEventListener('online', () => window.note('online'));

await init();
open(new URLSearchParams(location.search).get('url'));
