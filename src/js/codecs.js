// Codecs: those that have a name, and the user's own.
import { isBuffer } from './brands.js';
import { TextDecoder } from './text.js';

/** `websocket-channel/messagepack` registers its codec here. It is a bundle of its own, so that this one does not grow by it. */
const REGISTRY = Symbol.for('websocket-channel.codecs');

const expectText = (message) => {
  if (typeof message !== 'string') throw new TypeError('expected a text message, got a binary one');
  return message;
};
const expectBytes = (message) => {
  if (typeof message === 'string') throw new TypeError('expected a binary message, got a text one');
  return message;
};
const same = (value) => value;
/** As in Rust: bytes that are not UTF-8 throw, and so does a byte order mark, which JSON does not allow (RFC 8259 §8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const codecs = {
  json: { encode: encodeJson, decode: (message) => JSON.parse(typeof message === 'string' ? message : utf8.decode(message)) },
  text: { encode: expectText, decode: expectText },
  bytes: { encode: expectBytes, decode: expectBytes },
  raw: { encode: same, decode: same },
};

function encodeJson(value) {
  const text = JSON.stringify(value);
  // `JSON.stringify(undefined)` is not a string.
  if (text === undefined) throw new TypeError('the value cannot be expressed in JSON');
  return text;
}

/** The codec of the option `codec`. */
export function codecOf(codec = 'raw') {
  const found = typeof codec === 'string' ? (codecs[codec] ?? globalThis[REGISTRY]?.[codec]) : codec;
  if (typeof found?.encode === 'function' && typeof found.decode === 'function') return found;
  throw new TypeError(
    codec === 'messagepack'
      ? "codec 'messagepack': import 'websocket-channel/messagepack' first"
      : `codec has to be one of ${Object.keys(codecs).join(', ')}, messagepack, or { encode, decode }`,
  );
}

/** Checks the result of a codec: a string or a `Uint8Array`. */
export function messageOf(value) {
  if (typeof value === 'string') return value;
  if (!ArrayBuffer.isView(value)) {
    if (isBuffer(value)) return messageOf(new Uint8Array(value));
    throw new TypeError('a message has to be a string, an ArrayBuffer or a view of one');
  }
  const { buffer, byteOffset, byteLength } = value;
  // The memory was transferred (detached). An empty view of memory that was not is an empty message.
  if (buffer.detached) throw new TypeError('the ArrayBuffer of the message was transferred (it is detached)');
  const view = value instanceof Uint8Array ? value : new Uint8Array(buffer, byteOffset, byteLength);
  // Web IDL: a platform's `send` accepts neither shared nor resizable memory, so that is copied. Memory of another realm is copied, too.
  return buffer instanceof ArrayBuffer && !buffer.resizable ? view : new Uint8Array(view);
}
