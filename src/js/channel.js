// The typed channel for JavaScript. Values are encoded and decoded here. Rust decides about order, limits and states.
import { unless } from './abort.js';
import { begin } from './connect.js';
import { ChannelClosedError } from './errors.js';
import { END, Queues } from './queues.js';
import { named } from './named.js';
import { settingsOf } from './options.js';
import { ChannelStatus } from './status.js';
import { readableOf, writableOf } from './streams.js';
import { checkedClose, detached, encoded, itemOf, signalOf, unsent } from './values.js';

export class Channel {
  #codec;
  #validate;
  #status;
  #queues;
  // Has the `handle`, once it is open: the connection closes when this is collected.
  #slot = {};
  #life;
  #checkClose;
  #readable;
  #writable;

  constructor(url, options) {
    if (url === undefined || url === null) throw new TypeError(`Channel: the URL is ${url}: pass a string, a URL or a function`);
    const settings = settingsOf(options);
    this.#codec = settings.codec;
    this.#validate = settings.validate;
    this.#queues = new Queues(settings.least);
    this.#status = new ChannelStatus(this.#queues.tally);
    const { life, checkClose } = begin(url, settings, this.#queues, this.#status, this.#slot);
    this.#life = life;
    this.#checkClose = checkClose;
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
    const { queuedBytes, droppedMessages } = this.#status;
    const bufferedAmount = this.#slot.handle?.platform.bufferedAmount ?? 0;
    return { ...this.#queues.counts, queuedBytes, droppedMessages, bufferedAmount };
  }

  async send(value, options) {
    if (!this) return detached('send');
    const signal = options && signalOf(options);
    const message = encoded(this.#codec, value);
    signal?.throwIfAborted();
    try {
      if (!this.#queues.trySend(this.#slot.handle, message)) await this.#queues.wait(this.#slot.handle, message, signal);
    } catch (error) {
      throw unsent(error, value, signal);
    }
  }

  trySend(value) {
    if (!this) return detached('trySend');
    const { handle } = this.#slot;
    if (!handle && this.#life.isConnecting) return false;
    const message = encoded(this.#codec, value);
    try {
      return this.#queues.trySend(handle, message);
    } catch (error) {
      throw unsent(error, value);
    }
  }

  async flush(options) {
    if (!this) return detached('flush');
    await this.#until('flush', options);
  }

  async drained(options) {
    if (!this) return detached('drained');
    await this.#until('drained', options);
  }

  async #until(what, options) {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    try {
      await this.#queues[what](this.#slot.handle, signal);
    } catch (error) {
      throw unsent(error, undefined, signal);
    }
  }

  async close(code = 1000, reason = '', options) {
    if (!this) return detached('close');
    const signal = signalOf(options);
    const words = checkedClose(this.#checkClose, code, reason);
    // During the call, so that nothing sent later is handed over.
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

  [Symbol.asyncIterator]() {
    return {
      next: () => this.#read(),
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

  // One promise only: it is most of the cost of a message.
  #read() {
    return new Promise((resolve, reject) => {
      const settle = (message) => {
        try {
          resolve(message === END ? this.#end() : itemOf(this.#codec, this.#validate, message));
        } catch (error) {
          reject(error);
        }
      };
      this.#queues.read(this.#slot.handle, settle, reject);
    });
  }

  async #end() {
    const done = { done: true, value: undefined };
    if (this.#life.ending === undefined) return done;
    const closed = await this.#life.closed;
    const code = this.#life.ending;
    if (code === undefined) return done;
    throw new ChannelClosedError(code, closed);
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
