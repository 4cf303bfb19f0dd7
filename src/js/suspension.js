// Handles events of the page and its network. Browsers cut connections without an event while the page is frozen or in the back/forward cache. The
// listeners exist while there are channels, and capture on `window`. So they run before the page's, except capturing listeners on `window` that were
// added earlier.

/** The lives to notify. */
const lives = new Set();

const restored = ({ persisted }) => persisted && notify('restored');
const resumed = () => notify('resumed');
const changed = () => notify('changed');

/** Windows fire all of them, workers those of the network, and platforms other than browsers none. */
const EVENTS = { pageshow: restored, resume: resumed, online: changed, offline: changed, visibilitychange: changed };

function notify(happened) {
  for (const life of [...lives]) life[happened]?.();
}

/** Whether the listeners capture, as in a window: workerd has no capturing listeners, and its `addEventListener` throws. */
let captures = false;

function listen(method) {
  for (const [type, listener] of Object.entries(EVENTS)) globalThis[method]?.(type, listener, captures);
}

/** Notifies this life until `unwatch`: of a return from the cache, of a return from a freeze, and of a network that may have changed. */
export function watch(life) {
  if (lives.size === 0) {
    captures = globalThis.document !== undefined;
    listen('addEventListener');
  }
  lives.add(life);
}

/** Stops notifying it. */
export function unwatch(life) {
  if (lives.delete(life) && lives.size === 0) listen('removeEventListener');
}
