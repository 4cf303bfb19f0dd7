// A platform made for a test: it does what it is told, when it is told.

import { Channel } from 'websocket-channel';

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

  /** Nobody listens to it any more, though an `error` still finds a handler, which does nothing. */
  get isLeft() {
    const nobody = [this.onopen, this.onmessage, this.onclose].every((handler) => handler === null);
    return nobody && this.onerror === Function.prototype;
  }

  #tell(event) {
    this[`on${event.type}`]?.(event);
    this.dispatchEvent(event);
  }
}

/**
 * Channels over doubles of a class of its own.
 * @param {(Class: typeof Double) => typeof Double} [change] makes another class of it
 * @returns {(options?: object) => {channel: Channel, socket: Double}} constructs a channel and the double under it
 */
export function overDouble(change = (Class) => Class) {
  class Fresh extends Double {
    static made = [];
  }
  const Platform = change(Fresh);
  return (options) => {
    const channel = new Channel('ws://double.invalid/', { codec: 'text', WebSocket: Platform, ...options });
    return { channel, socket: Platform.made.at(-1) };
  };
}
