// The options of a channel, checked before anything happens.
import { codecOf } from './codecs.js';
import { timeoutOf } from './timeout.js';

/** In the order of Rust's numbers. */
const OVERFLOW = ['close', 'drop-oldest', 'drop-newest', 'latest'];

/** Rust's `TransportKind`. `auto` is the one of the two that has receive backpressure. */
export const BY_SOCKET = 'websocket';
export const BY_STREAM = 'websocket-stream';
const TRANSPORTS = [BY_SOCKET, 'auto', BY_STREAM];

const OPTIONS = [
  ...['protocols', 'codec', 'schema', 'signal', 'overflow', 'transport', 'connectTimeoutMs', 'closeTimeoutMs', 'sendHighWaterMarkBytes'],
  ...['receiveBufferBytes', 'maxMessageBytes', 'WebSocket'],
];

/** Less than Rust's default bounds. */
const MANY = 2 ** 20;

/** More bytes than wasm can address. */
const MOST = 2 ** 32 - 1;

function bytesOf(name, value) {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0))
    throw new TypeError(`${name} has to be a number of bytes, 0 or more, not ${String(value)}`);
  return Math.min(Math.floor(value), MOST);
}

/** A name or a list of names; undefined for none. */
export function checkedProtocols(value) {
  if (value === undefined || value === null || typeof value === 'string' || typeof value[Symbol.iterator] === 'function') return value;
  throw new TypeError('protocols has to be a name, a list of names, or a function that returns them');
}

/** A signal, or undefined for none. */
export function checkedSignal(signal) {
  if (signal === undefined || signal === null) return undefined;
  if (typeof signal.addEventListener !== 'function' || typeof signal.aborted !== 'boolean')
    throw new TypeError('signal has to be an AbortSignal');
  return signal;
}

/**
 * Checks and converts the options. The names contain the units, and the values have the same. `undefined` stands for Rust's default.
 * @throws {TypeError} naming the option
 */
export function settingsOf(options) {
  if (options !== undefined && options !== null && typeof options !== 'object')
    throw new TypeError('the options of a Channel have to be an object');
  // Null is the default, as undefined is.
  const given = Object.fromEntries(OPTIONS.map((name) => [name, options?.[name] ?? undefined]));
  const { protocols, codec, schema, overflow = 'close', transport = BY_SOCKET } = given;
  const { connectTimeoutMs, closeTimeoutMs, sendHighWaterMarkBytes, receiveBufferBytes, maxMessageBytes } = given;
  const signal = checkedSignal(given.signal);
  if (typeof protocols !== 'function') checkedProtocols(protocols);
  const policy = OVERFLOW.indexOf(overflow);
  if (policy < 0) throw new TypeError(`overflow has to be one of ${OVERFLOW.join(', ')}, not ${String(overflow)}`);
  if (!TRANSPORTS.includes(transport)) throw new TypeError(`transport has to be one of ${TRANSPORTS.join(', ')}, not ${String(transport)}`);
  const standard = schema?.['~standard'];
  if (schema !== undefined && typeof standard?.validate !== 'function')
    throw new TypeError('schema has to be a Standard Schema (standardschema.dev)');
  const [bound, largest] = [bytesOf('receiveBufferBytes', receiveBufferBytes), bytesOf('maxMessageBytes', maxMessageBytes)];
  return {
    protocols,
    codec: codecOf(codec),
    // Called with its own `this`.
    validate: standard && ((value) => standard.validate(value)),
    signal,
    WebSocket: given.WebSocket,
    transport,
    connectTimeoutMs: timeoutOf('connectTimeoutMs', connectTimeoutMs),
    closeTimeoutMs: timeoutOf('closeTimeoutMs', closeTimeoutMs),
    sendHighWaterMarkBytes: bytesOf('sendHighWaterMarkBytes', sendHighWaterMarkBytes),
    receiveBufferBytes: bound,
    policy,
    maxMessageBytes: largest,
    // Includes what each message counts in addition to its payload.
    least: Math.min(bound ?? MANY, largest ?? MANY) - 32,
  };
}
