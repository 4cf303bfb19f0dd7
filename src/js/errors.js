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

/** Rust's words for each code, with a place for what it says besides. */
const WORDS = {
  BAD_URL: 'the URL is not a WebSocket URL',
  URL_FRAGMENT: 'a WebSocket URL must not have a fragment',
  BAD_PROTOCOL: '`$` is not a subprotocol token',
  DUPLICATE_PROTOCOL: 'the subprotocol `$` is named twice',
  UNSUPPORTED: 'this browser has not the transport that was asked for',
  REFUSED: 'the platform refused to connect: $',
  TIMED_OUT: 'not open within $ ms',
  CONNECT_FAILED: 'failed before it was open (close code 1006; browsers hide the cause)',
  NOT_OPEN: 'not sent: the connection is closing or closed',
  SEND_REFUSED: 'not sent: the platform refused the message',
  BAD_CLOSE_CODE: 'close code $ is neither 1000 nor from 3000 to 4999',
  LONG_CLOSE_REASON: 'the close reason has $ bytes, more than 123',
};

/** The words of a code. */
export const wordsOf = (code, about) => (WORDS[code] ?? code).replace('$', () => about);

/** Why `opened` rejected. */
export class ConnectError extends ChannelError {}

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

/** The end of a channel that did not close cleanly; `closed` is what `channel.closed` resolves to. */
export class ChannelClosedError extends ChannelError {
  constructor(closed) {
    super('CHANNEL_CLOSED', `the channel ended with code ${closed.code}${closed.reason && `: ${closed.reason}`}`);
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
