// Which class of the platform's a connection uses. It is looked up at each construction: test doubles (MSW, mock-socket) and jsdom install theirs
// after this package was imported.
import { PlatformError } from './errors.js';

/** What was there at import: a program may put our class in its place later. */
const original = globalThis.WebSocket;

/** Our class, or one made of it, has the 2009 name of `send`. It works through a proxy, a subclass and a second copy of this package. */
const isOurs = (Class) => !!Class?.prototype && 'postMessage' in Class.prototype;

/**
 * The class for a new connection.
 * @param {Function} [given] the option `WebSocket`
 * @throws {TypeError} if `given` is not a class
 * @throws {PlatformError} `NO_WEBSOCKET`
 */
export function platformOf(given) {
  if (given !== undefined && typeof given !== 'function') throw new TypeError('the option WebSocket has to be a class');
  const found = globalThis.WebSocket;
  // Our class must not be built on itself.
  const Class = given ?? (isOurs(found) ? original : found);
  if (typeof Class !== 'function') {
    throw new PlatformError(
      'NO_WEBSOCKET',
      'there is no WebSocket here: browsers, Node from 22, Deno and Bun have one, or set the option WebSocket',
    );
  }
  return Class.prototype && 'onmessage' in Class.prototype ? Class : withHandlers(Class);
}

const { get: bufferedAmount } = Object.getOwnPropertyDescriptor(original?.prototype ?? {}, 'bufferedAmount') ?? {};
const isBrowsers = /\[native code\]/.test(bufferedAmount && Function.prototype.toString.call(bufferedAmount));

/**
 * Whether `socket` is a browser's own, which copies bytes within `send` (WHATWG WebSockets §3.1). Others may keep what they are given: npm ws
 * compresses it later, doubles record it. The getter of the browser throws for all of these.
 */
export function copiesBytes(socket) {
  try {
    return isBrowsers && bufferedAmount.call(socket) >= 0;
  } catch {
    return false;
  }
}

/**
 * A double may be an `EventTarget` and no more, so that nothing calls `onopen` and the others, which Rust sets. One that calls them by itself and
 * dispatches the same event besides is heard once.
 */
const withHandlers = (Class) =>
  function (...args) {
    const socket = new Class(...args);
    if ('onmessage' in socket || typeof socket.addEventListener !== 'function') return socket;
    const heard = new WeakSet();
    for (const type of ['open', 'message', 'error', 'close']) {
      let handler = null;
      const hear = (event) => {
        if (heard.has(event)) return;
        heard.add(event);
        // The event may be reported again later: one event object is enough for a test double.
        queueMicrotask(() => heard.delete(event));
        handler?.call(socket, event);
      };
      const attribute = { get: () => handler && hear, set: (value) => (handler = value), configurable: true };
      Object.defineProperty(socket, `on${type}`, attribute);
      socket.addEventListener(type, hear);
    }
    return socket;
  };
