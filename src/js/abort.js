// AbortSignals as promises. A signal may outlive everything here, so nothing stays attached to it.

/** Calls `work` with a promise that resolves when the signal aborts, or with nothing if there is no signal. */
export const abortable = (signal, work) => (signal ? whileListening(signal, work) : work());

async function whileListening(signal, work) {
  let abort;
  const aborted = new Promise((resolve) => (abort = resolve));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await work(aborted);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Waits for a promise, or throws what `refusal` makes when the signal aborts before. */
export const unless = (signal, promise, refusal) =>
  abortable(signal, (aborted) => {
    const refused = aborted?.then(() => Promise.reject(refusal()));
    return refused ? Promise.race([refused, promise]) : promise;
  });
