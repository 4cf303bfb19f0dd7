// Errors of the class `Channel`. Each has the stable `code` that Rust's error of the same cause has.
import { named } from './named.js';

export class ChannelError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/** Why `opened` rejected. */
export class ConnectError extends ChannelError {}

/** Why a value was not sent; `value` is that value. */
export class SendError extends ChannelError {
  constructor(code, message, value, options) {
    super(code, message, options);
    this.value = value;
  }
}

/** A message that the codec could not read; `raw` is that message. The channel goes on. */
export class DecodeError extends ChannelError {
  constructor(message, raw, options) {
    super('DECODE_FAILED', message, options);
    this.raw = raw;
  }
}

/** The end of a channel that did not close cleanly; `closed` is what `channel.closed` resolves to. */
export class ChannelClosedError extends ChannelError {
  constructor(closed) {
    super('CHANNEL_CLOSED', `the channel ended with code ${closed.code}${closed.reason && `: ${closed.reason}`}`);
    this.closed = closed;
  }
}

// As JavaScript's own errors have it; and it is not the name that a minifier gave the class.
for (const [name, Class] of Object.entries(named({ ChannelError, ConnectError, SendError, DecodeError, ChannelClosedError }))) {
  Object.defineProperty(Class.prototype, 'name', { value: name, writable: true, configurable: true });
}
