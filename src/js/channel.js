// The typed channel for JavaScript: values are encoded and decoded here, where they live; order, bounds and states are Rust's.
import { ChannelClosedError, ConnectError, DecodeError, SendError } from './errors.js';
import { openChannel } from './instance.js';
import { named } from './named.js';
import { timeoutOf } from './timeout.js';

const expectText = (message) => {
  if (typeof message !== 'string') throw new TypeError('a binary message where text was expected');
  return message;
};
const expectBytes = (message) => {
  if (typeof message === 'string') throw new TypeError('a text message where bytes were expected');
  return message;
};

const codecs = {
  json: { encode: encodeJson, decode: (message) => JSON.parse(expectText(message)) },
  text: { encode: expectText, decode: expectText },
  bytes: { encode: expectBytes, decode: expectBytes },
  raw: { encode: (value) => value, decode: (message) => message },
};

function encodeJson(value) {
  const text = JSON.stringify(value);
  // `JSON.stringify(undefined)` is not a string.
  if (text === undefined) throw new TypeError('the value has no JSON');
  return text;
}

function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError('a message is a string, an ArrayBuffer or a view of one');
}

export class Channel {
  #codec;
  #handle;
  // The handle itself, from open on.
  #open;
  #opened;
  #closed;
  // Reads take turns: each waits for the one before it.
  #lastRead = Promise.resolve();

  constructor(url, { protocols = [], codec = 'raw', connectTimeoutMs } = {}) {
    this.#codec = typeof codec === 'string' ? codecs[codec] : codec;
    if (typeof this.#codec?.encode !== 'function' || typeof this.#codec?.decode !== 'function') {
      throw new TypeError(`codec is one of ${Object.keys(codecs).join(', ')}, or { encode, decode }`);
    }
    const list = typeof protocols === 'string' ? [protocols] : Array.from(protocols, (protocol) => `${protocol}`);
    this.#handle = openChannel(`${url}`, list, timeoutOf(connectTimeoutMs));
    this.#opened = this.#handle.then(
      ({ protocol, extensions }) => ({ protocol, extensions }),
      ({ code, message }) => {
        throw new ConnectError(code, message);
      },
    );
    this.#closed = this.#handle.then(
      (handle) => handle.closed(),
      () => ({ code: 1006, reason: '', wasClean: false, by: 'failure' }),
    );
    // Whoever does not ask for it does not want to hear that nobody handled it.
    this.#opened.catch(() => {});
    this.#handle.then(
      (handle) => (this.#open = handle),
      () => {},
    );
  }

  get opened() {
    return this.#opened;
  }

  get closed() {
    return this.#closed;
  }

  async send(value) {
    let message;
    try {
      message = this.#codec.encode(value);
      if (typeof message !== 'string') message = bytesOf(message);
    } catch (cause) {
      throw new SendError('ENCODE_FAILED', 'not sent: the value cannot be encoded', value, { cause });
    }
    let handle = this.#open;
    if (!handle) {
      // What is sent is what it was at the call.
      if (typeof message !== 'string') message = message.slice();
      try {
        handle = await this.#handle;
      } catch {
        const cause = await this.#opened.catch((error) => error);
        throw new SendError('NOT_OPEN', 'not sent: the channel did not open', value, { cause });
      }
    }
    try {
      // Either copies its argument before it returns.
      await (typeof message === 'string' ? handle.sendText(message) : handle.sendBytes(message));
    } catch ({ code, message: words }) {
      throw new SendError(code, words, value);
    }
  }

  async close(code = 1000, reason = '') {
    // Which codes are allowed is Rust's to say, but its type would make 66536 of 1000.
    if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
      throw new RangeError(`close code ${code} is neither 1000 nor from 3000 to 4999`);
    }
    let handle;
    try {
      handle = await this.#handle;
    } catch {
      return this.#closed;
    }
    try {
      return await handle.close(code, `${reason}`);
    } catch (error) {
      throw new RangeError(error.message);
    }
  }

  [Symbol.asyncIterator]() {
    return {
      next: () => this.#read(),
      // `break` leaves the loop: it closes the channel.
      return: async (value) => {
        await this.close();
        return { done: true, value };
      },
    };
  }

  #read() {
    const read = this.#lastRead.then(() => this.#readNext());
    this.#lastRead = read.catch(() => {});
    return read;
  }

  async #readNext() {
    await this.#opened;
    const message = await (await this.#handle).next();
    if (message !== undefined) {
      try {
        return { done: false, value: this.#codec.decode(message) };
      } catch (cause) {
        throw new DecodeError('a message cannot be decoded', message, { cause });
      }
    }
    const closed = await this.#closed;
    if (!closed.wasClean) throw new ChannelClosedError(closed);
    return { done: true, value: undefined };
  }
}

named({ Channel });
