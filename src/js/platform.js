// Chooses the platform's class for a connection. It is looked up at each construction, because test doubles (MSW, mock-socket) and jsdom install
// theirs after this package was imported.
import { PlatformError } from './errors.js';

/** The class at import. A program may later install our class globally. */
const original = globalThis.WebSocket;

/** Detects our class or a subclass by the 2009 name of `send`. That works through a proxy, and for a second copy of this package. */
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
 * Whether `socket` is a browser's own, which copies bytes within `send` (WHATWG WebSockets §3.1). Others may keep the memory: npm ws compresses it
 * later, test doubles record it. The browser's getter throws for all of these.
 */
export function copiesBytes(socket) {
  try {
    return isBrowsers && bufferedAmount.call(socket) >= 0;
  } catch {
    return false;
  }
}

/**
 * A test double may be just an `EventTarget`, which does not call `onopen` and the other handlers that Rust sets. If it calls them and also
 * dispatches the same event, the event is handled once.
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
        // The event may be reported again later, because a test double may have one event object for all.
        queueMicrotask(() => heard.delete(event));
        handler?.call(socket, event);
      };
      const attribute = { get: () => handler && hear, set: (value) => (handler = value), configurable: true };
      Object.defineProperty(socket, `on${type}`, attribute);
      socket.addEventListener(type, hear);
    }
    return socket;
  };
