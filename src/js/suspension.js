// Handles what browsers do to connections without an event: they cut them while the page is frozen or in the back/forward cache. The listeners exist
// while channels do, and capture on `window`. So they run before those of the page, except capturing listeners on `window` that were added earlier.

/** The lives to tell. */
const lives = new Set();

function restored({ persisted }) {
  if (persisted) for (const life of [...lives]) life.restored();
}

function resumed() {
  for (const life of [...lives]) life.resumed();
}

/** In workers and outside of browsers there are no such events. */
const page = () => (globalThis.document && globalThis.addEventListener ? globalThis : undefined);

/** Tells this life of them, until `unwatch`. */
export function watch(life) {
  if (lives.size === 0) {
    page()?.addEventListener('pageshow', restored, true);
    page()?.addEventListener('resume', resumed, true);
  }
  lives.add(life);
}

/** Tells it no more. */
export function unwatch(life) {
  lives.delete(life);
  if (lives.size > 0) return;
  page()?.removeEventListener('pageshow', restored, true);
  page()?.removeEventListener('resume', resumed, true);
}
