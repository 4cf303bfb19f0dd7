// The queues of a channel: unread messages, pending reads, and sends that wait for the send buffer. Values and promises are here. Rust decides how
// many may wait, whether a message is accepted or handed over, and whether the send buffer is full; it gets lengths only.

import { CANCELLED, NOT_OPEN } from './errors.js';
import { isBuffer } from './brands.js';
import { Queue } from './queue.js';
import { TextEncoder } from './text.js';

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

/** In the place of a message: what a platform gave that is neither text nor bytes, such as a Blob of a test double. Reading it is an error. */
export class Strange {
  /** @param {unknown} data */
  constructor(data) {
    this.data = data;
  }
}

/** The bytes of a message in an array of this realm, without a copy. */
function arrayOf(data) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isBuffer(data) ? new Uint8Array(data) : undefined;
}

/** What a read is given at the end. */
export const END = undefined;

/** Rust's answer for a message that the overflow policy dropped. */
const BY_POLICY = -2;

/** A message of the queue is being handed over: a platform may answer within its `send`. `HELD`, until `release`. `STOPPED`, for good. */
const [OPEN, HANDING, HELD, STOPPED] = [0, 1, 2, 4];

/** Takes what waits out of its queue when the signal aborts, until it is settled. */
function listen(signal, waiting) {
  const { resolve, reject } = waiting;
  // One that is being handed over is in no queue: it is sent.
  const abort = () => waiting.queue?.delete(waiting) && waiting.reject(CANCELLED);
  const settle = (how) => (value) => {
    signal.removeEventListener('abort', abort);
    how(value);
  };
  waiting.resolve = settle(resolve);
  waiting.reject = settle(reject);
  signal.addEventListener('abort', abort);
}

export class Line {
  #messages = [];
  #first = 0;
  #reads = new Queue();
  // Messages, and what waits for all before it (`flush`).
  #sends = new Queue();
  // What waits until the platform holds nothing unsent.
  #drains = new Queue();
  // Why nothing can be handed over now, or `OPEN`.
  #gate = OPEN;
  #looking = false;
  // Two ports, while turns are waited for: Node would wait for an open one.
  #turn;
  #least;
  // Where the last large copy was, weakly: to make new memory takes ten times as long as to copy into what is there.
  #spare;
  // The platform keeps the memory that it is given.
  #keeps = false;
  #ended = false;
  #stopped;
  /** Messages that the overflow policy dropped. An object of its own: `status` shows it, and must not hold the line. */
  tally = { dropped: 0 };
  // How reading ends, as `{ error }`: a signal's reason may be anything.
  #failure;
  // Where messages have to be asked for.
  #ask;
  #bytes = bytesAtMost;
  #sent = 0;
  #received = 0;

  /** @param {number} least text of so many bytes is below every bound, and need not be counted exactly where nothing else waits */
  constructor(least) {
    this.#least = least;
  }

  /** Messages handed over, messages that arrived, and messages that wait to be read. */
  get counts() {
    return { sentMessages: this.#sent, receivedMessages: this.#received, queuedMessages: this.#messages.length - this.#first };
  }

  /**
   * Each message has to be asked for, of a platform that does not tell what it holds: what goes there is counted exactly.
   * @param {() => void} ask is called when there may be room for one
   */
  asking(ask) {
    this.#ask = ask;
    this.#bytes = bytesOf;
  }

  /** The platform keeps the bytes that it is given, and reads them later: npm ws, test doubles. Each is given memory of its own. */
  keeping() {
    this.#keeps = true;
  }

  /** There may be room for a message. */
  ask() {
    this.#ask?.();
  }

  /** The platform has a message. */
  arrive(handle, data) {
    const waited = this.#reads.size > 0;
    let message = data;
    let bytes;
    if (typeof data === 'string') {
      bytes = data.length * 3;
      if (!waited || bytes > this.#least) bytes = lengthOf(data);
    } else {
      // `WebSocketStream` has an array, and a new one of it would be a copy.
      message = arrayOf(data);
      bytes = message ? message.length : Number(data?.size) || 0;
      message ??= new Strange(data);
    }
    let displaced = handle.arrive(bytes, waited);
    this.#received += 1;
    if (displaced < 0) {
      if (displaced === BY_POLICY) this.tally.dropped += 1;
      return;
    }
    this.tally.dropped += displaced;
    if (waited) {
      this.#reads.shift().resolve(message);
    } else {
      this.#messages.push(message);
      for (; displaced > 0; displaced -= 1) this.#oldest();
    }
    // Any event is a good time to check the send buffer.
    if (this.#waits) this.look(handle);
  }

  /** Calls `resolve` with the next message, now or when it arrives, or with `END` at the end; or `reject`. Neither may throw. */
  read(handle, resolve, reject) {
    if (this.#first < this.#messages.length) {
      handle.take();
      const message = this.#oldest();
      this.ask();
      resolve(message);
    } else if (this.#failure) {
      reject(this.#failure.error);
    } else if (this.#ended) {
      resolve(END);
    } else {
      this.#reads.push({ resolve, reject, queue: undefined, before: undefined, after: undefined });
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

  /** What has arrived and was not read is dropped. */
  discard(handle) {
    for (; this.#first < this.#messages.length; this.#oldest()) handle?.take();
  }

  /** Hands a message over if that needs no waiting; without a handle, it is not open yet. */
  trySend(handle, message) {
    if (this.#gate !== OPEN) {
      if (this.#stopped) throw this.#stopped;
      return false;
    }
    if (!handle || this.#sends.size > 0) return false;
    if (this.#keeps && typeof message !== 'string') message = new Uint8Array(message);
    const sent = handle.send(message, this.#bytes(message), typeof message === 'string');
    if (sent) this.#sent += 1;
    return sent;
  }

  /** Hands over one that has left the queue; what is sent meanwhile is behind it. */
  #hand(handle, message) {
    this.#gate |= HANDING;
    try {
      const sent = handle.send(message, this.#bytes(message), true);
      if (sent) this.#sent += 1;
      return sent;
    } finally {
      this.#gate &= ~HANDING;
    }
  }

  /** A promise for a message that has to wait, behind others; the message does not change meanwhile. */
  wait(handle, message, signal) {
    return this.#enqueue(this.#sends, handle, signal, typeof message === 'string' ? message : this.#copy(message));
  }

  /** A promise that resolves when every message before it was handed over. */
  flush(handle, signal) {
    if (this.#sends.size === 0 && handle && this.#gate === OPEN) return undefined;
    return this.#enqueue(this.#sends, handle, signal);
  }

  /** A promise that resolves when the platform holds nothing unsent. */
  drained(handle, signal) {
    return this.#enqueue(this.#drains, handle, signal);
  }

  #enqueue(queue, handle, signal, message) {
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw this.#stopped;
      const waiting = { message, resolve, reject, queue: undefined, before: undefined, after: undefined };
      if (signal) listen(signal, waiting);
      queue.push(waiting);
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

  get #waits() {
    return this.#sends.size > 0 || this.#drains.size > 0;
  }

  /** Hands over what there is room for. */
  look(handle) {
    if (this.#gate & (HANDING | HELD)) return;
    while (this.#sends.size > 0) {
      // Out of the queue first: what happens within the platform's `send` must not find it there.
      const waiting = this.#sends.shift();
      const { message } = waiting;
      try {
        if (message !== undefined && !this.#hand(handle, message)) {
          if (this.#stopped) throw this.#stopped;
          this.#sends.unshift(waiting);
          break;
        }
        // The platform has taken its own copy.
        if (!this.#keeps && message?.byteLength > LARGE) this.#spare = new WeakRef(message.buffer);
        waiting.resolve();
      } catch (error) {
        waiting.reject(error);
      }
    }
    try {
      if (this.#drains.size > 0 && this.#sends.size === 0 && handle.drained()) {
        while (this.#drains.size > 0) this.#drains.shift().resolve();
      }
    } catch (error) {
      while (this.#drains.size > 0) this.#drains.shift().reject(error);
    }
    if (!this.#waits) this.#rest();
    if (this.#looking || !this.#waits) return;
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

  /** Nothing is handed over until `release`: what the platform says of itself may not be so. */
  hold() {
    this.#gate |= HELD;
  }

  /** Messages go again. */
  release(handle) {
    this.#gate &= ~HELD;
    if (handle && this.#waits) this.look(handle);
  }

  /** Nothing more can be sent: what waited comes back. */
  stop(error = NOT_OPEN) {
    this.#stopped ??= error;
    this.#gate |= STOPPED;
    for (const queue of [this.#sends, this.#drains]) while (queue.size > 0) queue.shift().reject(error);
    this.#rest();
  }

  /** Nothing more arrives. */
  end() {
    this.#ended = true;
    while (this.#reads.size > 0) this.#reads.shift().resolve(END);
  }

  /** Nothing more arrives, and whoever reads is told why. */
  fail(error) {
    this.#failure = { error };
    while (this.#reads.size > 0) this.#reads.shift().reject(error);
  }
}
