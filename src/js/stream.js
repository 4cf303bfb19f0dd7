// Awaits the promises of a `WebSocketStream` for the handle, which makes the calls and the decisions. Nothing here keeps the handle alive.

/**
 * Hears a stream from its beginning to its end.
 * @param {object} handle the wasm's
 * @param {import('./line.js').Line} line where its messages go, and which asks for them
 */
export function hear(handle, line) {
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
    if (handle) line.arrive(handle, value);
    line.ask();
  };
  const end = () => {
    const ended = (kept) => (info) => weak.deref()?.ended(info, kept);
    weak.deref()?.ending()?.then(ended(true), ended(false));
  };
  const opened = (opening) => {
    weak.deref()?.opened(opening);
    line.ask();
  };
  line.asking(ask);
  handle.opening().then(opened, () => opened());
}
