// What a page's browser does to its connections without telling at once: it cuts them while the page is in the back/forward cache or frozen. The
// listeners are there while channels live, and capture on `window`: they run before those of the page, unless these were added there, capturing, first.

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
