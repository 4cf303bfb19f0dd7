// The typed channel for JavaScript. Values are encoded and decoded here. Rust decides about order, limits and states.
import { unless } from './abort.js';
import { messageOf } from './codecs.js';
import { begin } from './connect.js';
import { CANCELLED, ChannelClosedError, CloseError, ConnectError, DecodeError, NOT_OPEN, SendError, wordsOf } from './errors.js';
import { END, Queues, Strange, lengthOf } from './queues.js';
import { named } from './named.js';
import { checkedSignal, settingsOf } from './options.js';
import { ChannelStatus } from './status.js';
import { readableOf, writableOf } from './streams.js';

const BAD_CLOSE_CODE = 'BAD_CLOSE_CODE';

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
    const message = this.#encode(value);
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
    const message = this.#encode(value);
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
    const words = `${reason}`;
    const bytes = lengthOf(words);
    const refuse = (error) => new CloseError(error, wordsOf(error, error === BAD_CLOSE_CODE ? code : bytes));
    // Rust decides which codes are allowed, but its 16-bit type would turn 66536 into 1000.
    if (!Number.isInteger(code) || code < 0 || code > 0xffff) throw refuse(BAD_CLOSE_CODE);
    try {
      this.#checkClose(code, bytes);
    } catch (error) {
      throw refuse(error);
    }
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

  #encode(value) {
    try {
      return messageOf(this.#codec.encode(value));
    } catch (cause) {
      throw new SendError('ENCODE_FAILED', 'not sent: the value cannot be encoded', value, { cause });
    }
  }

  // One promise only: it is most of the cost of a message.
  #read() {
    return new Promise((resolve, reject) => {
      const settle = (message) => {
        try {
          resolve(message === END ? this.#end() : this.#item(message));
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

  #item(message) {
    const value = this.#decode(message);
    return this.#validate ? this.#checked(value, message) : { done: false, value };
  }

  #decode(message) {
    if (message instanceof Strange)
      throw new DecodeError(
        'DECODE_FAILED',
        `a message is neither text nor bytes: ${Object.prototype.toString.call(message.data)}`,
        message.data,
        {},
      );
    try {
      return this.#codec.decode(message);
    } catch (cause) {
      throw new DecodeError('DECODE_FAILED', 'a message cannot be decoded', message, { cause });
    }
  }

  async #checked(value, message) {
    let result;
    try {
      result = await this.#validate(value);
      if (Object(result) !== result) throw new TypeError('the schema returned no result');
    } catch (cause) {
      throw new DecodeError('SCHEMA_FAILED', 'the schema threw an exception for a message', message, { cause });
    }
    const { issues } = result;
    if (!issues) return { done: false, value: result.value };
    const why = issues[0]?.message ?? 'without a reason';
    throw new DecodeError('SCHEMA_FAILED', `the schema rejected a message: ${why}`, message, { issues });
  }
}

/** The error for a method without its channel: `const { send } = channel`. */
function detached(method) {
  throw new TypeError(`${method} was called without its channel: call channel.${method}(), or bind it`);
}

/** The signal in the options of a call that waits. */
function signalOf(options) {
  const { signal } = options ?? {};
  return checkedSignal(signal);
}

/** Why a value was not sent: Rust's code, the error of connecting, or the signal's reason. */
function unsent(error, value, signal) {
  // The signal's reason, as in every function of the platform that accepts a signal.
  if (error === CANCELLED) return signal.reason;
  if (error instanceof ConnectError) return new SendError(NOT_OPEN, 'not sent: the channel did not open', value, { cause: error });
  return typeof error === 'string' ? new SendError(error, wordsOf(error), value) : new SendError(error.code, error.message, value);
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
