// The typed channel for JavaScript: values are encoded and decoded here, where they live; order, bounds and states are Rust's.
import { abortable } from './abort.js';
import { copyOf, messageOf } from './codecs.js';
import { begin } from './connect.js';
import { ChannelClosedError, CloseError, ConnectError, DecodeError, SendError, wordsOf } from './errors.js';
import { named } from './named.js';
import { settingsOf } from './options.js';
import { ChannelStatus } from './status.js';
import { readableOf, writableOf } from './streams.js';

/** What Rust rejects with, too, when the signal of a send aborts. */
const CANCELLED = { code: 'CANCELLED' };

export class Channel {
  #codec;
  #validate;
  #status;
  #cancel = new AbortController();
  // Calls into Rust: they fail when its instance is given up.
  #call;
  #arrival;
  // A promise of the handle, and from open on the handle itself.
  #opening;
  #handle;
  #opened;
  #closed;
  // Reads take turns: each waits for the one before it.
  #lastRead;
  #reads = 0;
  #readable;
  #writable;

  constructor(url, options) {
    if (arguments.length === 0) throw new TypeError('Channel constructor: 1 argument required, but only 0 present');
    const settings = settingsOf(options);
    this.#codec = settings.codec;
    this.#validate = settings.validate;
    let move;
    this.#status = new ChannelStatus((way) => (move = way));
    const { opening, closed, call, arrival } = begin(url, settings, move, this.#cancel);
    this.#call = call;
    this.#arrival = arrival;
    this.#opening = opening;
    this.#closed = closed;
    this.#opened = opening.then((handle) => {
      this.#handle = handle;
      const { protocol, extensions } = handle;
      return { protocol, extensions };
    });
    // Whoever does not ask for it does not want to hear that nobody handled it.
    this.#opened.catch(() => {});
  }

  get opened() {
    return this.#opened;
  }

  get closed() {
    return this.#closed;
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

  async send(value, { signal } = {}) {
    const message = this.#encode(value);
    try {
      if (signal?.aborted) throw CANCELLED;
      // Rust copies its argument before it returns.
      if (this.#handle) await this.#call(() => this.#handle.send(message, signal));
      else await abortable(signal, (aborted) => this.#sendOnceOpen(copyOf(message), signal, aborted));
    } catch (error) {
      if (error instanceof ConnectError) throw new SendError('NOT_OPEN', 'not sent: the channel did not open', value, { cause: error });
      if (error.code === 'CANCELLED') throw new SendError(error.code, 'not sent: cancelled by the signal', value, { cause: signal.reason });
      throw new SendError(error.code, wordsOf(error), value);
    }
  }

  // Those who wait for it are told in the order in which they asked, and before anybody else sees that it is open.
  #sendOnceOpen(message, signal, aborted) {
    const cancelled = () => Promise.reject(CANCELLED);
    const sending = this.#opening.then((handle) => (signal?.aborted ? cancelled() : this.#call(() => handle.send(message, signal))));
    if (!aborted) return sending;
    // From open on, Rust knows whether it was handed over.
    return Promise.race([sending, aborted.then(() => (this.#handle ? sending : cancelled()))]);
  }

  trySend(value) {
    const handle = this.#handle;
    if (!handle && this.#status.state !== 'closed') return false;
    const message = this.#encode(value);
    if (!handle) throw new SendError('NOT_OPEN', 'not sent: the channel did not open', value);
    try {
      return this.#call(() => handle.trySend(message));
    } catch (error) {
      throw new SendError(error.code, wordsOf(error), value);
    }
  }

  async close(code = 1000, reason = '', { signal } = {}) {
    // Which codes are allowed is Rust's to say, but its type would make 66536 of 1000.
    if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
      const wrong = { code: 'BAD_CLOSE_CODE', about: code };
      throw new CloseError(wrong.code, wordsOf(wrong));
    }
    return abortable(signal, async (aborted) => {
      const giveUp = () => (this.#handle ? this.#call(() => this.#handle.abort()) : this.#cancel.abort(signal.reason));
      // It throws where the instance was given up, and then the end has come.
      aborted?.then(giveUp).catch(() => {});
      const handle = await this.#opening.catch(() => null);
      try {
        if (handle) await this.#call(() => handle.close(code, `${reason}`));
      } catch (error) {
        // Otherwise the instance was given up, and the end has come.
        if (!(error instanceof Error)) throw new CloseError(error.code, wordsOf(error));
      }
      return this.#closed;
    });
  }

  [Symbol.asyncIterator]() {
    return {
      next: () => this.#read(),
      // `break` leaves the loop: it closes the channel.
      return: async (value) => {
        await this.close();
        return { done: true, value };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #encode(value) {
    try {
      return messageOf(this.#codec.encode(value));
    } catch (cause) {
      throw new SendError('ENCODE_FAILED', 'not sent: the value cannot be encoded', value, { cause });
    }
  }

  #read() {
    const before = this.#reads > 0 ? this.#lastRead.catch(() => {}) : undefined;
    this.#reads += 1;
    return (this.#lastRead = this.#readAfter(before));
  }

  async #readAfter(before) {
    try {
      if (before) await before;
      const handle = this.#handle ?? (await this.#opening);
      const next = () => this.#call(() => handle.tryRead());
      let message;
      while ((message = next()) === undefined) await this.#arrival();
      if (message !== null) return { done: false, value: await this.#decode(message) };
      const closed = await this.#closed;
      if (!closed.wasClean) throw new ChannelClosedError(closed);
      return { done: true, value: undefined };
    } finally {
      this.#reads -= 1;
    }
  }

  // Not always a promise: most schemas answer at once.
  #decode(message) {
    let value;
    try {
      value = this.#codec.decode(message);
      if (!this.#validate) return value;
    } catch (cause) {
      throw new DecodeError('DECODE_FAILED', 'a message cannot be decoded', message, { cause });
    }
    return this.#checked(value, message);
  }

  async #checked(value, message) {
    let result;
    try {
      result = await this.#validate(value);
    } catch (cause) {
      throw new DecodeError('SCHEMA_FAILED', 'the schema failed at a message', message, { cause });
    }
    const { issues } = result;
    if (!issues) return result.value;
    throw new DecodeError('SCHEMA_FAILED', `a message is not what the schema says: ${issues[0]?.message}`, message, { issues });
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
