// The drop-in class. It makes the events and keeps the handler attributes. Rust has every state and calls the platform. The table in `README.md`
// lists the visible differences from the browser's own class, and their reasons.
import { asInterface, closeEvent, errorEvent, reconnectingEvent } from './events.js';
import { current } from './instance.js';
import { messageEvent } from './message_event.js';
import { socketSettingsOf } from './reconnect_options.js';
import { Reconnecting } from './reconnecting.js';
import { timeoutOf } from './timeout.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

// The numbers that Rust reports, and `Reconnecting`.
const OPENED = 0;
const RECONNECTING = 1;
const ERROR = 2;

/** Web IDL, dictionary types: an object, or nothing. */
const optionsOf = (options = {}) => {
  if (Object(options) !== options && options !== null) throw new TypeError('WebSocket constructor: options has to be an object');
  return options ?? {};
};

/** Replaces Rust's handle after the end. There are no decisions any more; the platform still answers, and counts bytes. */
const ended = (platform) => ({
  readyState: CLOSED,
  get: (name) => platform[name],
  set: (name, value) => (platform[name] = value),
  send: (args) => platform.send(...args),
  sendOne: (data) => platform.send(data),
  close: (args) => platform.close(...args),
});

export class WebSocket extends EventTarget {
  #handle;
  // Keeps each connection alive until its end, as platforms do. Rust has only a weak reference.
  #alive;
  // For each event: the attribute's function, and the listener that holds its place in the order of listeners.
  #handlers = {};

  constructor(url) {
    const { connectTimeoutMs, reconnect, WebSocket: given } = optionsOf(arguments[2]);
    const timeout = timeoutOf('connectTimeoutMs', connectTimeoutMs ?? undefined);
    const again = socketSettingsOf(reconnect);
    const instance = current(given ?? undefined);
    let weak;
    const tell = (happened, event) => weak.deref()?.#happened(happened, event);
    // Before `super`, as in Web IDL: the arguments are converted before the object is made.
    const arrived = (event) => weak.deref()?.#arrived(event);
    const passed = Array.prototype.slice.call(arguments, 0, 2);
    const handle = again
      ? new Reconnecting(given ?? undefined, passed, timeout, again, tell, arrived)
      : new instance.SocketHandle(instance.WebSocket, passed, timeout ?? 0, tell, arrived);
    super();
    // For `Reflect.construct` with a `new.target` without a prototype: the default is the prototype of the called class, not EventTarget's.
    if (Object.getPrototypeOf(this) === EventTarget.prototype) Object.setPrototypeOf(this, WebSocket.prototype);
    weak = new WeakRef(this);
    this.#handle = handle;
    if (again) this.#keep();
    else {
      this.#alive = instance.alive;
      const { platform } = handle;
      this.#alive.set(this, (error) => this.#lost(ended(platform), error));
    }
  }

  /** Keeps a socket with the option `reconnect` alive until its end. */
  #keep() {
    const handle = this.#handle;
    this.#alive = handle.alive;
    if (handle.readyState !== CLOSED) this.#alive.set(this, (error) => this.#lost(handle.trapped(), error));
  }

  get url() {
    return this.#handle.get('url');
  }

  get readyState() {
    return this.#handle.readyState;
  }

  get bufferedAmount() {
    return this.#handle.get('bufferedAmount');
  }

  get onopen() {
    return this.#handler('open');
  }

  set onopen(handler) {
    this.#setHandler('open', handler);
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

  get extensions() {
    return this.#handle.get('extensions');
  }

  get protocol() {
    return this.#handle.get('protocol');
  }

  get onmessage() {
    return this.#handler('message');
  }

  set onmessage(handler) {
    this.#setHandler('message', handler);
  }

  get onreconnecting() {
    return this.#handler('reconnecting');
  }

  set onreconnecting(handler) {
    this.#setHandler('reconnecting', handler);
  }

  get binaryType() {
    return this.#handle.get('binaryType');
  }

  set binaryType(value) {
    this.#handle.set('binaryType', value);
  }

  // Web IDL: both arguments are optional, so the function's length is 0.
  close(...args) {
    this.#handle.close(args);
  }

  send(data) {
    if (arguments.length === 1) this.#handle.sendOne(data);
    else this.#handle.send([...arguments]);
  }

  /** The 2009 name of `send`. */
  postMessage(_data) {
    this.#handle.send([...arguments]);
  }

  /** With the option `reconnect`: another connection. Connects again after the end, too. */
  reconnect(...args) {
    const handle = this.#handle;
    if (!(handle instanceof Reconnecting)) throw new DOMException('reconnect() needs the option reconnect', 'InvalidStateError');
    handle.reconnect(args);
    this.#keep();
  }

  // Not `this.dispatchEvent`, here and for the other methods of EventTarget below: a subclass may override them, and a platform would not call those.
  #happened(happened, event) {
    switch (happened) {
      case OPENED:
        super.dispatchEvent(new Event('open'));
        break;
      case RECONNECTING:
        super.dispatchEvent(reconnectingEvent(event));
        break;
      case ERROR:
        super.dispatchEvent(errorEvent(event));
        break;
      default: {
        this.#alive.delete(this);
        const handle = this.#handle;
        if (!(handle instanceof Reconnecting)) {
          this.#handle = ended(handle.platform);
          handle.free();
        }
        const { code, reason = '', wasClean = false } = event ?? {};
        // WHATWG WebSockets §4: the code of a connection that failed is 1006. Deno has 0.
        super.dispatchEvent(closeEvent({ code: code || 1006, reason, wasClean }));
      }
    }
  }

  #arrived(event) {
    super.dispatchEvent(messageEvent(event));
  }

  /** The instance is given up. `error` reports it and `close` follows, in a task of their own like every event. */
  #lost(handle, error) {
    this.#handle = handle;
    setTimeout(() => {
      super.dispatchEvent(Object.assign(new Event('error'), { error }));
      super.dispatchEvent(closeEvent({ code: 1006, reason: error.code, wasClean: false }));
    });
  }

  #handler(type) {
    return this.#handlers[type]?.handler ?? null;
  }

  // HTML, event handler attributes: the listener gets its place in the order when the attribute is first set. It keeps it while one function replaces
  // another, and loses it at null.
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
      super.addEventListener(type, entry.listener);
    } else if (entry) {
      super.removeEventListener(type, entry.listener);
      delete this.#handlers[type];
    }
  }
}

// Web IDL: constants on the interface and its prototype.
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  const constant = { value, enumerable: true };
  Object.defineProperty(WebSocket, name, constant);
  Object.defineProperty(WebSocket.prototype, name, constant);
}
asInterface({ WebSocket });
