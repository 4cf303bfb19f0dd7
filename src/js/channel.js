// The typed channel for JavaScript: values are encoded and decoded here, where they live; order, bounds and states are Rust's.
import { abortable } from './abort.js';
import { messageOf } from './codecs.js';
import { begin } from './connect.js';
import { CANCELLED, ChannelClosedError, CloseError, ConnectError, DecodeError, NOT_OPEN, SendError, wordsOf } from './errors.js';
import { END, Line, lengthOf } from './line.js';
import { named } from './named.js';
import { settingsOf } from './options.js';
import { ChannelStatus } from './status.js';
import { readableOf, writableOf } from './streams.js';

const BAD_CLOSE_CODE = 'BAD_CLOSE_CODE';

export class Channel {
  #codec;
  #validate;
  #status;
  #line;
  #cancel = new AbortController();
  // A promise of the handle, and from open on the handle itself.
  #opening;
  #handle;
  #opened;
  #closed;
  #checkClose;
  #readable;
  #writable;

  constructor(url, options) {
    if (arguments.length === 0) throw new TypeError('Channel constructor: 1 argument required, but only 0 present');
    const settings = settingsOf(options);
    this.#codec = settings.codec;
    this.#validate = settings.validate;
    this.#line = new Line(settings.least);
    let move;
    this.#status = new ChannelStatus((way) => (move = way));
    const { opening, closed, checkClose } = begin(url, settings, move, this.#cancel, this.#line);
    this.#opening = opening;
    this.#closed = closed;
    this.#checkClose = checkClose;
    this.#opened = opening.then((handle) => {
      this.#handle = handle;
      this.#line.look(handle);
      // workerd has null for nothing.
      const { protocol, extensions } = handle.platform;
      return { protocol: protocol ?? '', extensions: extensions ?? '' };
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
      if (!this.#line.trySend(this.#handle, message)) await this.#line.wait(this.#handle, message, signal);
    } catch (error) {
      throw unsent(error, value, signal);
    }
  }

  trySend(value) {
    const handle = this.#handle;
    if (!handle && this.#status.state !== 'closed') return false;
    const message = this.#encode(value);
    try {
      return this.#line.trySend(handle, message);
    } catch (error) {
      throw unsent(error, value);
    }
  }

  async close(code = 1000, reason = '', { signal } = {}) {
    const words = `${reason}`;
    const bytes = lengthOf(words);
    const refuse = (error) => new CloseError(error, wordsOf(error, error === BAD_CLOSE_CODE ? code : bytes));
    // Which codes are allowed is Rust's to say, but its type would make 1000 of 66536.
    if (!Number.isInteger(code) || code < 0 || code > 0xffff) throw refuse(BAD_CLOSE_CODE);
    try {
      this.#checkClose(code, bytes);
    } catch (error) {
      throw refuse(error);
    }
    return abortable(signal, async (aborted) => {
      aborted?.then(() => (this.#handle ? this.#handle.abort() : this.#cancel.abort(signal.reason)));
      const handle = await this.#opening.catch(() => null);
      try {
        handle?.close(code, words);
      } catch {
        // The instance was given up, and the end has come.
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

  // One promise and nothing else that waits: it is what a message costs.
  #read() {
    return new Promise((resolve, reject) => {
      const settle = (message) => {
        try {
          resolve(message === END ? this.#end() : this.#item(message));
        } catch (error) {
          reject(error);
        }
      };
      this.#line.read(this.#handle, settle, reject);
    });
  }

  async #end() {
    const closed = await this.#closed;
    if (!closed.wasClean) throw new ChannelClosedError(closed);
    return { done: true, value: undefined };
  }

  #item(message) {
    const value = this.#decode(message);
    return this.#validate ? this.#checked(value, message) : { done: false, value };
  }

  #decode(message) {
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
    } catch (cause) {
      throw new DecodeError('SCHEMA_FAILED', 'the schema failed at a message', message, { cause });
    }
    const { issues } = result;
    if (!issues) return { done: false, value: result.value };
    throw new DecodeError('SCHEMA_FAILED', `a message is not what the schema says: ${issues[0]?.message}`, message, { issues });
  }
}

/** Why a value was not sent: Rust's code, or what gave the channel up. */
function unsent(error, value, signal) {
  if (error instanceof ConnectError) return new SendError(NOT_OPEN, 'not sent: the channel did not open', value, { cause: error });
  if (error === CANCELLED) return new SendError(error, 'not sent: cancelled by the signal', value, { cause: signal.reason });
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
