// Errors of the package. Each has the stable `code` that Rust's error of the same cause has.
import { named } from './named.js';

export class ChannelError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/** Codes of Rust's that are told from others here. */
export const CANCELLED = 'CANCELLED';
export const NOT_OPEN = 'NOT_OPEN';

/** The codes of our limits, by what Rust tells when one of them begins to close. */
export const LIMITS = { 2: 'MESSAGE_TOO_BIG', 3: 'RECEIVE_BUFFER_FULL' };

/** Rust's words for each code, with a place for what it says besides. */
const WORDS = {
  BAD_URL: 'the URL is not a WebSocket URL',
  URL_FRAGMENT: 'a WebSocket URL must not have a fragment',
  BAD_PROTOCOL: '`$` is not a subprotocol token',
  DUPLICATE_PROTOCOL: 'the subprotocol `$` is named twice',
  UNSUPPORTED: 'this browser has not the transport that was asked for',
  REFUSED: 'the platform refused to connect: $',
  TIMED_OUT: 'not open within $ ms',
  SUBPROTOCOL: 'the server chose none of the subprotocols `$`',
  CONNECT_FAILED: 'failed before it was open: $',
  NOT_OPEN: 'not sent: the connection is closing or closed',
  SEND_REFUSED: 'not sent: the platform refused the message',
  CHANNEL_CLOSED: 'the channel ended with code $',
  MESSAGE_TOO_BIG: 'a message is larger than `maxMessageBytes`, and was dropped: the channel ended with code $',
  RECEIVE_BUFFER_FULL: 'unread messages exceed `receiveBufferBytes`, and one was dropped: the channel ended with code $',
  BAD_CLOSE_CODE: 'close code $ is neither 1000 nor from 3000 to 4999',
  LONG_CLOSE_REASON: 'the close reason has $ bytes, more than 123',
};

/** The words of a code. */
export const wordsOf = (code, about) => (WORDS[code] ?? code).replace('$', () => about);

/** The likely cause of what the platform does not tell, asked when it happens: Rust's `Hint`. */
function hintOf(code, cause) {
  // Chromium refuses without a word; Firefox and WebKit have these names (WHATWG WebSockets §3.1 has a SecurityError for mixed content only).
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

/** The error of a code of connecting. */
export const failed = (code, about = 'close code 1006; the platform hides the cause', options = {}) =>
  new ConnectError(code, wordsOf(code, about), options);

/** Why a value was not sent; `value` is that value. */
export class SendError extends ChannelError {
  constructor(code, message, value, options) {
    super(code, message, options);
    this.value = value;
  }
}

/** A message that the codec could not read or the schema refused; `raw` is that message. The channel goes on. */
export class DecodeError extends ChannelError {
  constructor(code, message, raw, options) {
    super(code, message, options);
    this.raw = raw;
    this.issues = options.issues;
  }
}

/** A code or a reason that `close` does not take. */
export class CloseError extends ChannelError {}

/** The end of a channel where messages may be missing; `closed` is what `channel.closed` resolves to. */
export class ChannelClosedError extends ChannelError {
  constructor(code, closed) {
    super(code, wordsOf(code, `${closed.code}${closed.reason && `: ${closed.reason}`}`));
    this.closed = closed;
  }
}

/** What this place does not have and the package stands on. */
export class PlatformError extends ChannelError {}

const all = { ChannelError, ConnectError, SendError, DecodeError, CloseError, ChannelClosedError, PlatformError };
// As JavaScript's own errors have it; and it is not the name that a minifier gave the class.
for (const [name, Class] of Object.entries(named(all))) {
  Object.defineProperty(Class.prototype, 'name', { value: name, writable: true, configurable: true });
}
