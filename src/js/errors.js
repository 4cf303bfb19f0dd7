// Errors of the class `Channel`. Each has the stable `code` that Rust's error of the same cause has.

export class ChannelError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }

  get name() {
    return this.constructor.name;
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
    super("DECODE_FAILED", message, options);
    this.raw = raw;
  }
}

/** The end of a channel that did not close cleanly; `closed` is what `channel.closed` resolves to. */
export class ChannelClosedError extends ChannelError {
  constructor(closed) {
    super("CHANNEL_CLOSED", `the channel ended with code ${closed.code}${closed.reason && `: ${closed.reason}`}`);
    this.closed = closed;
  }
}
