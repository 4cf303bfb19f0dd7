// Runs in `lifecycle.html`. What the channel tells, and what the page's own listeners find, is kept in `window.notes` with its time.
import init, { open, open_session, resumed, send, status } from './websocket_channel_lifecycle.js';

const query = new URLSearchParams(location.search);
const session = query.has('session');

window.notes = [];
/** Numbers that came back over a session. */
window.numbers = [];
window.note = (what) => {
  if (session && what === 'open') setInterval(sendNumbers, 20);
  if (/^\d+$/.test(what)) window.numbers.push(Number(what));
  // Statuses are for sessions.
  else if (!/^sent: \d+$/.test(what) && (session || !what.startsWith('status'))) window.notes.push({ what, at: performance.now() });
};
window.sent = 0;
window.resumed = resumed;

/** From the moment on at which the session is open. */
function sendNumbers() {
  send(String(window.sent));
  window.sent += 1;
}
window.send = send;
window.channelStatus = status;

// As a page does that sends when it is seen again.
function look({ type, persisted }) {
  if (type === 'pageshow' && !persisted) return;
  window.note(`${type}: ${status()}`);
  if (!session) send(`from ${type}`);
}
window.addEventListener('pageshow', look);
document.addEventListener('resume', look);
window.addEventListener('online', () => window.note('online'));

document.addEventListener('visibilitychange', () => session && window.note(document.visibilityState));

await init();
if (session) open_session(query.get('url'));
else open(query.get('url'));
