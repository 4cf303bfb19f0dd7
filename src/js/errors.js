// Errors of the package. Each has a stable `code`, the same as Rust's error.
import { named } from './named.js';

export class ChannelError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/** Codes that the code here compares. */
export const CANCELLED = 'CANCELLED';
export const NOT_OPEN = 'NOT_OPEN';

/** The error codes of our limits, by the number that Rust reports when a limit closes the channel. */
export const LIMITS = { 2: 'MESSAGE_TOO_BIG', 3: 'RECEIVE_BUFFER_FULL' };

/** The message for each code; `$` stands for the value. */
const WORDS = {
  BAD_URL: 'the URL is not a ws:, wss:, http: or https: URL',
  URL_FRAGMENT: 'a WebSocket URL must not have a fragment: remove the # and the text after it',
  BAD_PROTOCOL: '`$` is not a valid subprotocol: it has to be a token (RFC 6455 §4.1)',
  DUPLICATE_PROTOCOL: 'the subprotocol `$` is listed twice',
  UNSUPPORTED: "there is no WebSocketStream here: use the transport 'auto' or 'websocket'",
  REFUSED: 'the platform refused to connect: $',
  TIMED_OUT: 'not open within $ ms (connectTimeoutMs)',
  SUBPROTOCOL: 'the server chose none of the offered subprotocols: $',
  CONNECT_FAILED: 'connecting failed: $',
  NOT_OPEN: 'not sent: the connection is closing or closed',
  QUEUE_FULL: 'not sent: no connection is open, and the queue is full at $ bytes (reconnect.maxQueuedBytes)',
  SEND_REFUSED: 'not sent: the platform refused the message',
  CHANNEL_CLOSED: 'the channel closed with code $',
  MESSAGE_TOO_BIG: 'a message exceeded `maxMessageBytes` and was dropped: the channel closed with code $',
  RECEIVE_BUFFER_FULL: 'unread messages exceeded `receiveBufferBytes`, and one was dropped: the channel closed with code $',
  BAD_CLOSE_CODE: 'close code $ is not allowed: use 1000 or 3000 to 4999',
  LONG_CLOSE_REASON: 'the close reason has $ bytes: at most 123 are allowed',
};

/** The message of a code. */
export const wordsOf = (code, about) => (WORDS[code] ?? code).replace('$', () => about);

/** The likely cause, if the platform hides it: Rust's `Hint`. Call it when the error happens. */
function hintOf(code, cause) {
  // Chromium refuses without an exception; Firefox and WebKit throw these names (WHATWG WebSockets §3.1 has a SecurityError for mixed content only).
  const name = cause?.name;
  if (code === 'REFUSED') {
    if (name === 'SecurityError' && globalThis.location?.protocol === 'https:') return 'mixed-content';
    if ([undefined, 'NS_ERROR_CONTENT_BLOCKED', 'SecurityError'].includes(name)) return 'content-security-policy';
  }
  if ((code === 'CONNECT_FAILED' || code === 'TIMED_OUT') && globalThis.navigator?.onLine === false) return 'offline';
  return null;
}

/** Why `opened` rejected. */
export class ConnectError extends ChannelError {
  constructor(code, message, options) {
    super(code, message, options);
    this.hint = hintOf(code, options?.cause);
  }
}

/** A `ConnectError` of this code. */
export const failed = (code, about = 'close code 1006; the platform hides the cause', options = {}) =>
  new ConnectError(code, wordsOf(code, about), options);

/** Why a value was not sent; `value` is that value. */
export class SendError extends ChannelError {
  constructor(code, message, value, options) {
    super(code, message, options);
    this.value = value;
  }
}

/** A message that the codec could not decode, or that the schema rejected; `raw` is that message. The channel continues. */
export class DecodeError extends ChannelError {
  constructor(code, message, raw, options) {
    super(code, message, options);
    this.raw = raw;
    this.issues = options.issues;
  }
}

/** A code or a reason that `close` does not accept. */
export class CloseError extends ChannelError {}

/** The end of a channel where messages may be missing; `closed` is what `channel.closed` resolves to. */
export class ChannelClosedError extends ChannelError {
  constructor(code, closed) {
    super(code, wordsOf(code, `${closed.code}${closed.reason && `: ${closed.reason}`}`));
    this.closed = closed;
  }
}

/** Something that the package needs is missing in this environment. */
export class PlatformError extends ChannelError {}

const all = { ChannelError, ConnectError, SendError, DecodeError, CloseError, ChannelClosedError, PlatformError };
// As in JavaScript's own errors. Without it, it would be the minifier's name for the class.
for (const [name, Class] of Object.entries(named(all))) {
  Object.defineProperty(Class.prototype, 'name', { value: name, writable: true, configurable: true });
}
