// Awaits the promises of a `WebSocketStream` for the handle, which makes the calls and the decisions. Nothing here keeps the handle alive.

/**
 * Handles a stream from its beginning to its end.
 * @param {object} handle the wasm's
 * @param {import('./queues.js').Queues} queues where its messages go; they request the next one
 */
export function hear(handle, queues) {
  const weak = new WeakRef(handle);
  let asked = false;

  const ask = () => {
    if (asked) return;
    const next = weak.deref()?.read();
    asked = next !== undefined;
    next?.then(heard, end);
  };
  const heard = ({ done, value }) => {
    if (done) return end();
    asked = false;
    const handle = weak.deref();
    if (handle) queues.arrive(handle, value);
    queues.ask();
  };
  const end = () => {
    const ended = (kept) => (info) => weak.deref()?.ended(info, kept);
    weak.deref()?.ending()?.then(ended(true), ended(false));
  };
  const opened = (opening) => {
    weak.deref()?.opened(opening);
    queues.ask();
  };
  queues.asking(ask);
  handle.opening().then(opened, () => opened());
}
