// The queues of a channel: unread messages, pending reads, and sends that wait for the send buffer. Values and promises are here. Rust decides how
// many messages may wait, whether one is accepted or handed over, and whether the send buffer is full. It gets only lengths.

import { CANCELLED, NOT_OPEN } from './errors.js';
import { isBuffer } from './brands.js';
import { Queue } from './queue.js';
import { TextEncoder } from './text.js';

/** An array's front is removed when this many of its messages have been taken, and more than half. So each message is moved once at most. */
const SPENT = 1024;

/** A copy of more bytes reuses the memory of an earlier copy. */
const LARGE = 2 ** 16;

const utf8 = new TextEncoder();
/** Short text is encoded into this to be counted. */
let scratch;

/** A UTF-16 unit is at most three bytes of UTF-8. */
const bytesAtMost = (message) => (typeof message === 'string' ? message.length * 3 : message.byteLength);

/** The length of a text in UTF-8. */
export const lengthOf = (text) => {
  if (text.length * 3 > LARGE) return utf8.encode(text).length;
  return utf8.encodeInto(text, (scratch ??= new Uint8Array(LARGE))).written;
};

const bytesOf = (message) => (typeof message === 'string' ? lengthOf(message) : message.byteLength);

/** Replaces a message that is neither text nor bytes, such as a Blob of a test double. Reading it is an error. */
export class Strange {
  /** @param {unknown} data */
  constructor(data) {
    this.data = data;
  }
}

/** The bytes of a message as an array of this realm, without a copy. */
function arrayOf(data) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isBuffer(data) ? new Uint8Array(data) : undefined;
}

/** What a read gets at the end. */
export const END = undefined;

/** Rust's answer for a message that the overflow policy dropped. */
const BY_POLICY = -2;

/**
 * `HANDING`: a queued message is being handed over, and the platform may call back within its `send`. `HELD`: until `release`. `STOPPED`: for good.
 */
const [OPEN, HANDING, HELD, STOPPED] = [0, 1, 2, 4];

/** Removes a waiting send from its queue when the signal aborts, unless it is settled before. */
export function listen(signal, waiting) {
  const { resolve, reject } = waiting;
  // While it is being handed over it is in no queue: then it is sent.
  const abort = () => waiting.queue?.delete(waiting) && waiting.reject(CANCELLED);
  const settle = (how) => (value) => {
    signal.removeEventListener('abort', abort);
    how(value);
  };
  waiting.resolve = settle(resolve);
  waiting.reject = settle(reject);
  signal.addEventListener('abort', abort);
}

export class Queues {
  #messages = [];
  #first = 0;
  #reads = new Queue();
  // Messages, and calls of `flush`, which wait for the messages before them.
  #sends = new Queue();
  // Calls of `drained`, which wait until the platform holds nothing unsent.
  #drains = new Queue();
  // The reasons why nothing can be handed over now, or `OPEN`.
  #gate = OPEN;
  #looking = false;
  // Two ports, only while a turn of the event loop is awaited: Node does not exit with an open port.
  #turn;
  #least;
  // The memory of the last large copy, held weakly. Allocating new memory takes ten times as long as copying into it.
  #spare;
  // The platform keeps the memory that it is given.
  #keeps = false;
  #ended = false;
  #stopped;
  /** Counts messages that the overflow policy dropped. A separate object: `status` shows it, and must not keep the queues. */
  tally = { dropped: 0 };
  // The error for reads, as `{ error }`: a signal's reason may be any value, even `undefined`.
  #failure;
  // Requests a message, if the platform needs that.
  #ask;
  #bytes = bytesAtMost;
  #sent = 0;
  #received = 0;

  /** @param {number} least text of fewer bytes is below every bound. It need not be counted exactly if nothing else waits */
  constructor(least) {
    this.#least = least;
  }

  /** Counts of messages handed over, messages that arrived, and unread messages. */
  get counts() {
    return { sentMessages: this.#sent, receivedMessages: this.#received, queuedMessages: this.#messages.length - this.#first };
  }

  /**
   * The platform needs a request for each message, and does not report what it holds. So sent bytes are counted exactly.
   * @param {() => void} ask is called when there may be space for one
   */
  asking(ask) {
    this.#ask = ask;
    this.#bytes = bytesOf;
  }

  /** The platform keeps the bytes that it is given, and reads them later: npm ws, test doubles. So each message gets memory of its own. */
  keeping() {
    this.#keeps = true;
  }

  /** Requests a message, because there may be space for it. */
  ask() {
    this.#ask?.();
  }

  /** A message arrived. */
  arrive(handle, data) {
    const waited = this.#reads.size > 0;
    let message = data;
    let bytes;
    if (typeof data === 'string') {
      bytes = data.length * 3;
      if (!waited || bytes > this.#least) bytes = lengthOf(data);
    } else {
      // `WebSocketStream` gives an array, which need not be copied.
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

  /** Calls `resolve` with the next message, now or when it arrives, or with `END` at the end. Or calls `reject`. Neither may throw. */
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

  /** Drops unread messages. */
  discard(handle) {
    for (; this.#first < this.#messages.length; this.#oldest()) handle?.take();
  }

  /** Hands a message over if it need not wait, and returns whether it did. There is no handle until it is open. */
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

  /** Hands over a message that was taken out of the queue. Messages sent during the call are queued behind it. */
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

  /** Queues a message; returns a promise. The message cannot change while it waits. */
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

  /** Hands over queued messages while there is space. */
  look(handle) {
    if (this.#gate & (HANDING | HELD)) return;
    while (this.#sends.size > 0) {
      // Take it out of the queue first: a call within the platform's `send` must not find it there.
      const waiting = this.#sends.shift();
      const { message } = waiting;
      try {
        if (message !== undefined && !this.#hand(handle, message)) {
          if (this.#stopped) throw this.#stopped;
          this.#sends.unshift(waiting);
          break;
        }
        // The platform has its own copy by now.
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
      // In the next turn of the event loop, which browsers do not throttle, after every event that is queued.
      this.#turn ??= new MessageChannel();
      this.#turn.port1.onmessage = again;
      this.#turn.port2.postMessage(0);
    }
    this.#looking = true;
  }

  /** Stops waiting for a turn of the event loop. */
  #rest() {
    if (!this.#turn) return;
    this.#turn.port1.close();
    this.#turn = undefined;
    this.#looking = false;
  }

  /** Hands over nothing until `release`, because the platform's state may be wrong. */
  hold() {
    this.#gate |= HELD;
  }

  /** Hands over messages again. */
  release(handle) {
    this.#gate &= ~HELD;
    if (handle && this.#waits) this.look(handle);
  }

  /** Nothing more can be sent: waiting calls reject. */
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

  /** Nothing more arrives, and reads reject with this error. */
  fail(error) {
    this.#failure = { error };
    while (this.#reads.size > 0) this.#reads.shift().reject(error);
  }
}
