// A platform made for a test: it does what it is told, when it is told. The package is loaded anew to stand on it.

let copies = 0;

/** What a test drives. Its events are dispatched within the call. */
export class Double extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  /** Those made, oldest first. */
  static made = [];

  readyState = 0;
  protocol = '';
  extensions = '';
  binaryType = 'blob';
  bufferedAmount = 0;
  /** What was sent, and what `close` was called with. */
  sent = [];
  closes = [];
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;

  constructor(url, protocols) {
    super();
    Object.assign(this, { url, offered: protocols });
    this.constructor.made.push(this);
  }

  send(message) {
    this.sent.push(message);
  }

  close(...args) {
    this.closes.push(args);
    if (this.readyState < 2) this.readyState = 2;
  }

  opens(protocol = '') {
    this.readyState = 1;
    this.protocol = protocol;
    this.#tell(new Event('open'));
  }

  tells(data) {
    this.#tell(Object.assign(new Event('message'), { data }));
  }

  fails(more = {}) {
    this.#tell(Object.assign(new Event('error'), more));
  }

  ends(code, { reason = '', wasClean = code !== 1006, readyState = 3 } = {}) {
    this.readyState = readyState;
    this.#tell(Object.assign(new Event('close'), { code, reason, wasClean }));
  }

  /** Nobody listens to it any more. */
  get isLeft() {
    return [this.onopen, this.onmessage, this.onerror, this.onclose].every((handler) => handler === null);
  }

  #tell(event) {
    this[`on${event.type}`]?.(event);
    this.dispatchEvent(event);
  }
}

/**
 * The package over doubles of a class of its own.
 * @param {(Class: typeof Double) => typeof Double} [change] makes another class of it
 * @returns {Promise<{Channel: Function, make: (...args) => {channel: object, socket: Double}}>} the package, and what constructs a channel with the
 *   double under it
 */
export async function overDouble(change = (Class) => Class) {
  class Fresh extends Double {
    static made = [];
  }
  const Platform = change(Fresh);
  const Native = globalThis.WebSocket;
  copies += 1;
  globalThis.WebSocket = Platform;
  try {
    const loaded = await import(`../websocket-channel.js?double=${copies}`);
    const make = (options, url = 'ws://double.invalid/') => {
      const kept = globalThis.WebSocket;
      globalThis.WebSocket = Platform;
      try {
        const channel = new loaded.Channel(url, { codec: 'text', ...options });
        return { channel, socket: Platform.made.at(-1) };
      } finally {
        globalThis.WebSocket = kept;
      }
    };
    // The class is found at the first construction, or at each: this one is for nobody.
    await make({ signal: AbortSignal.abort() }).channel.closed;
    return { ...loaded, make };
  } finally {
    globalThis.WebSocket = Native;
  }
}
