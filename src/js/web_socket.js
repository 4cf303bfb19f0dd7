// The drop-in class. It constructs the events and keeps the handler attributes; every state and every call to the platform is Rust's.
import { openSocket } from './instance.js';
import { named } from './named.js';
import { timeoutOf } from './timeout.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

// As Rust's `Happened`.
const OPENED = 0;
const MESSAGE = 1;
const ERROR = 2;

// Connections that have not ended are kept by this set, as the platform keeps its own: Rust holds only a weak reference.
const alive = new Set();

// Node 22 has no CloseEvent of its own.
const closeEvent = (init) => {
  if (typeof CloseEvent === 'function') return new CloseEvent('close', init);
  return Object.assign(new Event('close'), init);
};

export class WebSocket extends EventTarget {
  #handle;
  #binaryType = 'blob';
  // Per event: the attribute's function and the listener that stands for it in the order of listeners.
  #handlers = {};

  constructor(url, protocols = [], options) {
    super();
    if (arguments.length === 0) throw new TypeError('WebSocket constructor: 1 argument required, but only 0 present');
    const timeout = timeoutOf('connectTimeoutMs', options?.connectTimeoutMs);
    const weak = new WeakRef(this);
    const tell = (happened, event) => weak.deref()?.#happened(happened, event);
    const sequence = Object(protocols) === protocols && Symbol.iterator in protocols;
    const list = sequence ? Array.from(protocols, (protocol) => `${protocol}`) : [`${protocols}`];
    this.#handle = openSocket(`${url}`, list, timeout ?? 0, tell);
    alive.add(this);
  }

  get url() {
    return this.#handle.url;
  }

  get readyState() {
    return this.#handle.readyState;
  }

  get bufferedAmount() {
    return this.#handle.bufferedAmount;
  }

  get extensions() {
    return this.#handle.extensions;
  }

  get protocol() {
    return this.#handle.protocol;
  }

  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(value) {
    const type = `${value}`;
    if (type !== 'blob' && type !== 'arraybuffer') return;
    this.#binaryType = type;
    this.#handle.wantsBlob = type === 'blob';
  }

  send(data) {
    if (arguments.length === 0) throw new TypeError('WebSocket.send: 1 argument required, but only 0 present');
    this.#handle.send(data);
  }

  /** The 2009 name of `send`. */
  postMessage(data) {
    if (arguments.length === 0) throw new TypeError('WebSocket.postMessage: 1 argument required, but only 0 present');
    this.#handle.send(data);
  }

  // Web IDL: both arguments are optional, so the function's length is 0.
  close(...[code, reason]) {
    // A missing code and a missing reason are not the same as undefined ones to every browser: pass what was meant.
    const given = reason !== undefined ? [code, reason] : code !== undefined ? [code] : [];
    this.#handle.close(given);
  }

  get onopen() {
    return this.#handler('open');
  }

  set onopen(handler) {
    this.#setHandler('open', handler);
  }

  get onmessage() {
    return this.#handler('message');
  }

  set onmessage(handler) {
    this.#setHandler('message', handler);
  }

  get onerror() {
    return this.#handler('error');
  }

  set onerror(handler) {
    this.#setHandler('error', handler);
  }

  get onclose() {
    return this.#handler('close');
  }

  set onclose(handler) {
    this.#setHandler('close', handler);
  }

  #happened(happened, event) {
    switch (happened) {
      case OPENED:
        this.dispatchEvent(new Event('open'));
        break;
      case MESSAGE:
        this.dispatchEvent(new MessageEvent('message', { data: event.data, origin: event.origin }));
        break;
      case ERROR:
        this.dispatchEvent(new Event('error'));
        break;
      default: {
        alive.delete(this);
        const { code = 1006, reason = '', wasClean = false } = event ?? {};
        this.dispatchEvent(closeEvent({ code, reason, wasClean }));
      }
    }
  }

  #handler(type) {
    return this.#handlers[type]?.handler ?? null;
  }

  // HTML, event handler attributes: the listener takes its place in the order when the attribute is first set, keeps it while one function
  // replaces another, and gives it up at null.
  #setHandler(type, value) {
    const handler = typeof value === 'function' || (typeof value === 'object' && value !== null) ? value : null;
    const entry = this.#handlers[type];
    if (entry && handler) {
      entry.handler = handler;
    } else if (handler) {
      const entry = { handler };
      entry.listener = (event) => {
        if (typeof entry.handler === 'function' && entry.handler.call(this, event) === false) event.preventDefault();
      };
      this.#handlers[type] = entry;
      this.addEventListener(type, entry.listener);
    } else if (entry) {
      this.removeEventListener(type, entry.listener);
      delete this.#handlers[type];
    }
  }
}

named({ WebSocket });

// Web IDL: constants on the interface and its prototype; attributes and operations are enumerable; the class string.
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  const constant = { value, enumerable: true };
  Object.defineProperty(WebSocket, name, constant);
  Object.defineProperty(WebSocket.prototype, name, constant);
}
for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(WebSocket.prototype))) {
  if (name !== 'constructor') Object.defineProperty(WebSocket.prototype, name, { ...property, enumerable: true });
}
Object.defineProperty(WebSocket.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });
