// The options of a channel, checked before anything happens.
import { codecOf } from './codecs.js';
import { timeoutOf } from './timeout.js';

/** In the order in which Rust counts them. */
const OVERFLOW = ['close', 'drop-oldest', 'drop-newest', 'latest'];

/** Rust's `Carrier`; the third is whichever of these two holds the peer back. */
export const BY_SOCKET = 'web-socket';
export const BY_STREAM = 'web-socket-stream';
const TRANSPORTS = [BY_SOCKET, 'pushing-back', BY_STREAM];

/** Less than Rust's default bounds. */
const MANY = 2 ** 20;

/** More bytes than wasm can address. */
const MOST = 2 ** 32 - 1;

function bytesOf(name, value) {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0)) throw new TypeError(`${name} is a number of bytes, 0 or more`);
  return Math.min(Math.floor(value), MOST);
}

/**
 * What the options say. The names carry their units; so do the values here, and `undefined` is the default of Rust.
 * @throws {TypeError} naming the option
 */
export function settingsOf(options) {
  const { protocols = [], codec, schema, signal, overflow = 'close', transport = BY_SOCKET } = options ?? {};
  const { connectTimeoutMs, closeTimeoutMs, sendWatermarkBytes, receiveBoundBytes, maxMessageBytes } = options ?? {};
  const policy = OVERFLOW.indexOf(overflow);
  if (policy < 0) throw new TypeError(`overflow is one of ${OVERFLOW.join(', ')}`);
  if (!TRANSPORTS.includes(transport)) throw new TypeError(`transport is one of ${TRANSPORTS.join(', ')}`);
  const standard = schema?.['~standard'];
  if (schema !== undefined && typeof standard?.validate !== 'function')
    throw new TypeError('schema is a Standard Schema (standardschema.dev)');
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') throw new TypeError('signal is an AbortSignal');
  const [bound, largest] = [bytesOf('receiveBoundBytes', receiveBoundBytes), bytesOf('maxMessageBytes', maxMessageBytes)];
  return {
    protocols,
    codec: codecOf(codec),
    // With its own `this`.
    validate: standard && ((value) => standard.validate(value)),
    signal,
    transport,
    connectTimeoutMs: timeoutOf('connectTimeoutMs', connectTimeoutMs),
    closeTimeoutMs: timeoutOf('closeTimeoutMs', closeTimeoutMs),
    sendWatermarkBytes: bytesOf('sendWatermarkBytes', sendWatermarkBytes),
    receiveBoundBytes: bound,
    policy,
    maxMessageBytes: largest,
    // With what each message counts besides.
    least: Math.min(bound ?? MANY, largest ?? MANY) - 32,
  };
}
