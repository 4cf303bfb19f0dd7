// What every channel does with values and arguments: encodes, decodes, validates, checks.
import { messageOf } from './codecs.js';
import { CANCELLED, CloseError, ConnectError, DecodeError, NOT_OPEN, SendError, wordsOf } from './errors.js';
import { checkedSignal } from './options.js';
import { Strange, lengthOf } from './queues.js';

const BAD_CLOSE_CODE = 'BAD_CLOSE_CODE';

/** The message of a value. */
export function encoded(codec, value) {
  try {
    return messageOf(codec.encode(value));
  } catch (cause) {
    throw new SendError('ENCODE_FAILED', 'not sent: the value cannot be encoded', value, { cause });
  }
}

/** The iterator's result for a message; a promise with a schema. */
export function itemOf(codec, validate, message) {
  const value = decoded(codec, message);
  return validate ? checked(validate, value, message) : { done: false, value };
}

function decoded(codec, message) {
  if (message instanceof Strange)
    throw new DecodeError(
      'DECODE_FAILED',
      `a message is neither text nor bytes: ${Object.prototype.toString.call(message.data)}`,
      message.data,
      {},
    );
  try {
    return codec.decode(message);
  } catch (cause) {
    throw new DecodeError('DECODE_FAILED', 'a message cannot be decoded', message, { cause });
  }
}

async function checked(validate, value, message) {
  let result;
  try {
    result = await validate(value);
    if (Object(result) !== result) throw new TypeError('the schema returned no result');
  } catch (cause) {
    throw new DecodeError('SCHEMA_FAILED', 'the schema threw an exception for a message', message, { cause });
  }
  const { issues } = result;
  if (!issues) return { done: false, value: result.value };
  const why = issues[0]?.message ?? 'without a reason';
  throw new DecodeError('SCHEMA_FAILED', `the schema rejected a message: ${why}`, message, { issues });
}

/** The reason as text, if `close` accepts the arguments. `check` throws a code of Rust's if not. */
export function checkedClose(check, code, reason) {
  const words = `${reason}`;
  const bytes = lengthOf(words);
  const refuse = (error) => new CloseError(error, wordsOf(error, error === BAD_CLOSE_CODE ? code : bytes));
  // Rust decides which codes are allowed, but its 16-bit type would turn 66536 into 1000.
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) throw refuse(BAD_CLOSE_CODE);
  try {
    check(code, bytes);
  } catch (error) {
    throw refuse(error);
  }
  return words;
}

/** The error for a method without its channel: `const { send } = channel`. */
export function detached(method) {
  throw new TypeError(`${method} was called without its channel: call channel.${method}(), or bind it`);
}

/** The signal in the options of a call that waits. */
export function signalOf(options) {
  const { signal } = options ?? {};
  return checkedSignal(signal);
}

/** Why a value was not sent: Rust's code, the error of connecting, or the signal's reason. */
export function unsent(error, value, signal) {
  // The signal's reason, as in every function of the platform that accepts a signal.
  if (error === CANCELLED) return signal.reason;
  if (error instanceof ConnectError) return new SendError(NOT_OPEN, 'not sent: the channel did not open', value, { cause: error });
  return typeof error === 'string' ? new SendError(error, wordsOf(error), value) : new SendError(error.code, error.message, value);
}
