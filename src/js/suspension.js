// Handles connections that browsers cut without an event, while the page is frozen or in the back/forward cache. The listeners exist while there are
// channels, and capture on `window`. So they run before the page's, except capturing listeners on `window` that were added earlier.

/** The lives to notify. */
const lives = new Set();

function restored({ persisted }) {
  if (persisted) for (const life of [...lives]) life.restored();
}

function resumed() {
  for (const life of [...lives]) life.resumed();
}

/** Workers, and platforms other than browsers, have no such events. */
const page = () => (globalThis.document && globalThis.addEventListener ? globalThis : undefined);

/** Notifies this life until `unwatch`. */
export function watch(life) {
  if (lives.size === 0) {
    page()?.addEventListener('pageshow', restored, true);
    page()?.addEventListener('resume', resumed, true);
  }
  lives.add(life);
}

/** Stops notifying it. */
export function unwatch(life) {
  lives.delete(life);
  if (lives.size > 0) return;
  page()?.removeEventListener('pageshow', restored, true);
  page()?.removeEventListener('resume', resumed, true);
}
