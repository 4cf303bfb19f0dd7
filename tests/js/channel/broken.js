// A platform that throws where none does.

import { BY_STREAM } from './transport.js';

/** Rust does not expect that the platform throws here, as no platform does: it is a trap. */
export async function broken(action) {
  const [of, name] = BY_STREAM ? [WritableStreamDefaultWriter.prototype, 'desiredSize'] : [window.WebSocket.prototype, 'readyState'];
  const property = Object.getOwnPropertyDescriptor(of, name);
  const get = () => {
    throw new Error('broken on purpose');
  };
  Object.defineProperty(of, name, { ...property, get });
  // It is reported to the window, too, wherever the trap was in a task.
  const mochas = [window.onerror, window.onunhandledrejection];
  window.onerror = () => true;
  const quiet = (event) => event.preventDefault();
  window.onunhandledrejection = quiet;
  try {
    return await action();
  } finally {
    Object.defineProperty(of, name, property);
    [window.onerror, window.onunhandledrejection] = mochas;
  }
}
