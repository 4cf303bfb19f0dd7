// The typed channel over a session. Rust has the session's state; `session_life.js` connects the two.
import { unless } from './abort.js';
import { codecOf } from './codecs.js';
import { current } from './instance.js';
import { named } from './named.js';
import { DeliveryError } from './session_errors.js';
import { Inbox } from './session_inbox.js';
import { Life } from './session_life.js';
import { sessionSettingsOf } from './session_options.js';
import { SessionStatus } from './session_status.js';
import { readableOf, writableOf } from './streams.js';
import { timeoutOf } from './timeout.js';
import { checkedClose, detached, encoded, itemOf, signalOf, unsent } from './values.js';

const DONE = { done: true, value: undefined };

/** The most values that `batches` gives at once. */
const BATCH = 4096;

/** Ends the session of a channel that was dropped. */
const dropped = globalThis.FinalizationRegistry && new FinalizationRegistry((life) => life.abort());

export class Channel extends EventTarget {
  #codec;
  #validate;
  #inbox;
  #status;
  #life;
  #checkClose;
  #readable;
  #writable;
  // An error that the next read throws.
  #kept;

  constructor(url, options) {
    if (url === undefined || url === null) throw new TypeError(`Channel: the URL is ${url}: pass a string, a URL or a function`);
    const settings = sessionSettingsOf(options);
    super();
    this.#codec = settings.codec;
    this.#validate = settings.validate;
    this.#inbox = new Inbox(settings.codec === codecOf('json'));
    this.#status = new SessionStatus(this.#inbox);
    const instance = current(settings.WebSocket);
    this.#checkClose = instance.SessionHandle.checkClose;
    this.#life = new Life(instance, url, settings, this.#inbox, this.#status);
    dropped?.register(this, this.#life);
  }

  get opened() {
    return this.#life.opened;
  }

  get closed() {
    return this.#life.closed;
  }

  get status() {
    return this.#status;
  }

  get readable() {
    return (this.#readable ??= readableOf(this));
  }

  get writable() {
    return (this.#writable ??= writableOf(this));
  }

  stats() {
    if (!this) return detached('stats');
    const { received: receivedMessages, size: queuedMessages, cost: queuedBytes } = this.#inbox;
    const { retainedBytes } = this.#status;
    return { sentMessages: this.#life.sends.sent, receivedMessages, queuedMessages, queuedBytes, retainedBytes };
  }

  async send(value, options) {
    if (!this) return detached('send');
    const signal = options && signalOf(options);
    const message = encoded(this.#codec, value);
    signal?.throwIfAborted();
    try {
      const { sends } = this.#life;
      if (!sends.trySend(message)) await sends.wait(signal, message);
    } catch (error) {
      throw unsent(error, value, signal);
    }
  }

  trySend(value) {
    if (!this) return detached('trySend');
    if (this.#life.isConnecting) return false;
    const message = encoded(this.#codec, value);
    try {
      return this.#life.sends.trySend(message);
    } catch (error) {
      throw unsent(error, value);
    }
  }

  async sendAll(values, options) {
    if (!this) return detached('sendAll');
    const signal = signalOf(options);
    const { sends } = this.#life;
    for (const value of values) {
      signal?.throwIfAborted();
      const message = encoded(this.#codec, value);
      try {
        if (!sends.trySend(message)) await sends.wait(signal, message);
      } catch (error) {
        throw unsent(error, value, signal);
      }
    }
  }

  async request(value, options) {
    if (!this) return detached('request');
    return this.#life.requests.request(value, timeoutOf('timeoutMs', options?.timeoutMs ?? undefined), signalOf(options));
  }

  handle(handler) {
    if (!this) return detached('handle');
    if (handler !== null && typeof handler !== 'function')
      throw new TypeError('handle: the handler has to be a function, or null for none');
    this.#life.requests.handler = handler;
  }

  async flush(options) {
    if (!this) return detached('flush');
    const signal = signalOf(options);
    signal?.throwIfAborted();
    try {
      await this.#life.sends.wait(signal);
    } catch (error) {
      throw unsent(error, undefined, signal);
    }
  }

  async close(code = 1000, reason = '', options) {
    if (!this) return detached('close');
    const signal = signalOf(options);
    const words = checkedClose(this.#checkClose, code, reason);
    this.#life.close(code, words);
    try {
      return await unless(signal, this.#life.closed, () => signal.reason);
    } catch (reason) {
      // The signal cancelled the wait for the peer.
      this.#life.abort();
      throw reason;
    }
  }

  abort() {
    if (!this) return detached('abort');
    this.#life.abort();
  }

  reconnectNow() {
    if (!this) return detached('reconnectNow');
    this.#life.reconnectNow();
  }

  suspend() {
    if (!this) return detached('suspend');
    this.#life.suspend();
  }

  resume() {
    if (!this) return detached('resume');
    this.#life.resume();
  }

  [Symbol.asyncIterator]() {
    return this.#iterator(() => this.#next(() => this.#item()));
  }

  batches() {
    if (!this) return detached('batches');
    return this.#iterator(() => this.#next(() => this.#batch()));
  }

  #iterator(next) {
    return {
      next,
      // `break` leaves the loop. It closes the channel without waiting for the peer.
      return: async (value) => {
        this.#life.close(1000, '');
        return { done: true, value };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Reads by `take`, once there is a message. */
  #next(take) {
    return new Promise((resolve, reject) => {
      const look = () => {
        try {
          if (!this.#passMarks()) this.#inbox.again(look);
          else resolve(this.#inbox.isEmpty ? DONE : take());
        } catch (error) {
          reject(error);
        }
      };
      this.#inbox.read(look);
    });
  }

  #item() {
    return itemOf(this.#codec, this.#validate, this.#inbox.take());
  }

  /** All values up to the next mark. */
  #batch() {
    const value = [];
    while (value.length < BATCH && !this.#inbox.isEmpty && !this.#inbox.isMark) {
      try {
        const item = this.#item();
        if (this.#validate) return this.#checkedBatch(item);
        value.push(item.value);
      } catch (error) {
        if (value.length === 0) throw error;
        // Behind the values before it.
        this.#kept = { error };
        break;
      }
    }
    return { done: false, value };
  }

  /** A schema may be asynchronous: one value at a time. */
  async #checkedBatch(item) {
    return { done: false, value: [(await item).value] };
  }

  /** Dispatches or throws what stands before the next message. False if there is nothing behind it, and something may come. */
  #passMarks() {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) throw kept.error;
    while (this.#inbox.isMark) {
      const { event, detail = null, missing, undelivered } = this.#inbox.take();
      if (event) this.dispatchEvent(new CustomEvent(event, { detail }));
      if (missing) throw new DeliveryError('MISSING', 'a message of the peer could not be delivered');
      if (undelivered !== undefined) throw new DeliveryError('UNDELIVERED', 'a message could not be delivered', undelivered);
    }
    if (!this.#inbox.isEmpty) return true;
    if (!this.#inbox.isOver) return false;
    if (this.#inbox.failure) throw this.#inbox.failure.error;
    return true;
  }
}

named({ Channel });
Object.defineProperty(Channel.prototype, Symbol.toStringTag, { value: 'Channel', configurable: true });
// Explicit resource management: `await using`, where the language has it.
if (Symbol.asyncDispose) {
  const value = async function () {
    await this.close();
  };
  Object.defineProperty(Channel.prototype, Symbol.asyncDispose, { value, configurable: true, writable: true });
}
