// AbortSignals as promises. A signal may live longer than everything here, so every listener is removed again.

/** Waits for a promise. If the optional signal aborts first, throws what `refusal` returns. */
export async function unless(signal, promise, refusal) {
  if (!signal) return promise;
  let abort;
  const aborted = new Promise((_resolve, reject) => (abort = () => reject(refusal())));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
