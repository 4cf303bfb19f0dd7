// What waits in a channel: messages to be read, reads for messages, and sends for room. Values and promises are here; how many may wait, whether
// a message is taken or goes, and whether there is room, is for Rust to say, which is told lengths.

import { CANCELLED } from './errors.js';

/** Gone when this much of a queue has been taken, and more than half of it: each message is moved once at most. */
const SPENT = 1024;

/** Copies of more bytes are made into memory that one before them was in. */
const LARGE = 2 ** 16;

const utf8 = new TextEncoder();
/** Where short text is encoded to be counted. */
let scratch;

/** A UTF-16 unit is three bytes of UTF-8 at most. */
const bytesAtMost = (message) => (typeof message === 'string' ? message.length * 3 : message.byteLength);

/** Bytes of UTF-8. */
export const lengthOf = (text) => {
  if (text.length * 3 > LARGE) return utf8.encode(text).length;
  return utf8.encodeInto(text, (scratch ??= new Uint8Array(LARGE))).written;
};

const bytesOf = (message) => (typeof message === 'string' ? lengthOf(message) : message.byteLength);

/** A read of these has come to the end. */
export const END = undefined;

export class Line {
  #messages = [];
  #first = 0;
  #reads = [];
  #sends = [];
  #looking = false;
  // Two ports, while turns are waited for: Node would wait for an open one.
  #turn;
  #least;
  // Where the last large copy was, weakly: to make new memory takes ten times as long as to copy into what is there.
  #spare;
  #ended = false;
  #error;
  // Where messages have to be asked for.
  #ask;
  #bytes = bytesAtMost;

  /** @param {number} least text of so many bytes is below every bound, and need not be counted exactly where nothing else waits */
  constructor(least) {
    this.#least = least;
  }

  /**
   * Each message has to be asked for, of a platform that does not tell what it holds: what goes there is counted exactly.
   * @param {() => void} ask is called when there may be room for one
   */
  asking(ask) {
    this.#ask = ask;
    this.#bytes = bytesOf;
  }

  /** There may be room for a message. */
  ask() {
    this.#ask?.();
  }

  /** The platform has a message. */
  arrive(handle, data) {
    const waited = this.#reads.length > 0;
    let message = data;
    let bytes;
    if (typeof data === 'string') {
      bytes = data.length * 3;
      if (!waited || bytes > this.#least) bytes = lengthOf(data);
    } else {
      // `WebSocketStream` has an array, and a new one of it would be a copy.
      message = data instanceof Uint8Array ? data : new Uint8Array(data);
      bytes = message.length;
    }
    let displaced = handle.arrive(bytes, waited);
    if (displaced < 0) return;
    if (waited) {
      this.#reads.shift().resolve(message);
    } else {
      this.#messages.push(message);
      for (; displaced > 0; displaced -= 1) this.#oldest();
    }
    // Every event is an occasion to look for room.
    if (this.#sends.length > 0) this.look(handle);
  }

  /** Calls `resolve` with the next message, now or when it arrives, or with `END` at the end; or `reject`. Neither may throw. */
  read(handle, resolve, reject) {
    if (this.#error) {
      reject(this.#error);
    } else if (this.#first < this.#messages.length) {
      handle.take();
      this.ask();
      resolve(this.#oldest());
    } else if (this.#ended) {
      resolve(END);
    } else {
      this.#reads.push({ resolve, reject });
    }
  }

  #oldest() {
    const messages = this.#messages;
    const message = messages[this.#first];
    messages[this.#first++] = undefined;
    if (this.#first === messages.length || (this.#first > SPENT && this.#first > messages.length / 2)) {
      messages.splice(0, this.#first);
      this.#first = 0;
    }
    return message;
  }

  /** Hands a message over if that needs no waiting; without a handle, there is no line yet. */
  trySend(handle, message) {
    if (this.#error) throw this.#error;
    return handle && this.#sends.length === 0 ? handle.send(message, this.#bytes(message), typeof message === 'string') : false;
  }

  /** A promise for a message that has to wait, in line with others; the message does not change meanwhile. */
  wait(handle, message, signal) {
    return new Promise((resolve, reject) => {
      const settle = (how) => (value) => {
        signal?.removeEventListener('abort', abort);
        how(value);
      };
      const send = {
        message: typeof message === 'string' ? message : this.#copy(message),
        resolve: settle(resolve),
        reject: settle(reject),
      };
      const abort = () => {
        this.#sends = this.#sends.filter((each) => each !== send);
        send.reject(CANCELLED);
      };
      signal?.addEventListener('abort', abort);
      this.#sends.push(send);
      if (handle) this.look(handle);
    });
  }

  #copy(bytes) {
    const spare = bytes.length > LARGE && this.#spare?.deref();
    if (!spare || spare.byteLength < bytes.length) return new Uint8Array(bytes);
    this.#spare = undefined;
    const copy = new Uint8Array(spare, 0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** Hands over what there is room for. */
  look(handle) {
    while (this.#sends.length > 0) {
      const [send] = this.#sends;
      try {
        if (!handle.send(send.message, this.#bytes(send.message), true)) break;
        // The platform has taken its own copy.
        if (send.message.byteLength > LARGE) this.#spare = new WeakRef(send.message.buffer);
        send.resolve();
      } catch (error) {
        send.reject(error);
      }
      this.#sends.shift();
    }
    if (this.#sends.length === 0) this.#rest();
    if (this.#looking || this.#sends.length === 0) return;
    const again = () => {
      this.#looking = false;
      this.look(handle);
    };
    const room = handle.room();
    const millis = room ? 0 : handle.pause();
    if (room) {
      room.then(again, again);
    } else if (millis > 0 || !globalThis.MessageChannel) {
      this.#rest();
      setTimeout(again, millis);
    } else {
      // In the next turn of the event loop, which no browser slows down: behind every event that waits.
      this.#turn ??= new MessageChannel();
      this.#turn.port1.onmessage = again;
      this.#turn.port2.postMessage(0);
    }
    this.#looking = true;
  }

  /** No turn is waited for any more. */
  #rest() {
    if (!this.#turn) return;
    this.#turn.port1.close();
    this.#turn = undefined;
    this.#looking = false;
  }

  /** Nothing more can be sent: what waited comes back. */
  stop(error) {
    for (const { reject } of this.#sends.splice(0)) reject(error);
    this.#rest();
  }

  /** Nothing more arrives. */
  end() {
    this.#ended = true;
    for (const { resolve } of this.#reads.splice(0)) resolve(END);
  }

  /** It did not open, or the instance is given up. */
  fail(error) {
    this.#error = error;
    this.stop(error);
    for (const { reject } of this.#reads.splice(0)) reject(error);
  }
}
