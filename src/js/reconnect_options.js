// The option `reconnect`, checked before anything happens. The policy has the names and the defaults of Rust's `Reconnect`.

/** Of the policy, in the order of the constructor in `reconnect.rs`. A name contains its unit. */
const POLICY = ['baseDelayMs', 'maxDelayMs', 'spreadMs', 'stableAfterMs', 'maxAttempts', 'maxElapsedMs'];

/** `undefined` stands for Rust's default, and so does `null`. `Infinity` is no limit. */
function numberOf(name, value = undefined) {
  if (typeof value === 'number' && value >= 0) return value;
  if (value === undefined || value === null) return undefined;
  const unit = name.endsWith('Ms') ? 'milliseconds' : 'attempts';
  throw new TypeError(`reconnect.${name} has to be a number of ${unit}, 0 or more, not ${show(value)}`);
}

/** Close codes that a server may send (RFC 6455 §7.4), and 1005 and 1006, which stand for none. */
function codesOf(codes) {
  const list = codes === undefined || codes === null ? [] : Array.isArray(codes) ? codes : undefined;
  const isCode = (code) => Number.isInteger(code) && code >= 1000 && code <= 4999;
  if (list?.every(isCode)) return Uint16Array.from(list);
  throw new TypeError(`reconnect.finalCodes has to be an array of close codes, 1000 to 4999, not ${show(list ?? codes)}`);
}

/** A value for an error message; `String` throws for some objects. */
function show(value) {
  try {
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** One of these words, or the default, which is the first. */
function wordOf(name, value, words) {
  if (value === undefined || value === null) return words[0];
  if (words.includes(value)) return value;
  throw new TypeError(`reconnect.${name} has to be one of ${words.join(', ')}, not ${show(value)}`);
}

/** A function, or undefined. */
function functionOf(name, value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return value;
  throw new TypeError(`reconnect.${name} has to be a function, not ${show(value)}`);
}

/** A boolean; the default is false. */
function flagOf(name, value) {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`reconnect.${name} has to be true or false, not ${show(value)}`);
}

/** A number of bytes, or the default. */
function bytesOf(name, value, otherwise) {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'number' && value >= 0) return value;
  throw new TypeError(`reconnect.${name} has to be a number of bytes, 0 or more, not ${show(value)}`);
}

/**
 * Checks the option.
 * @param {unknown} reconnect `true`, or an object of options; `false`, `null` and `undefined` are off
 * @returns {undefined | { given: object, policy: [...(number | undefined)[], Uint16Array], shouldReconnect?: Function }} `given` has the other options;
 *   `policy` has the numbers of Rust's `Reconnect::of_numbers`, and at last the final codes
 * @throws {TypeError} naming the option and what it must be
 */
export function reconnectOf(reconnect) {
  if (reconnect === undefined || reconnect === null || reconnect === false) return undefined;
  const given = reconnect === true ? {} : reconnect;
  if (typeof given !== 'object') throw new TypeError(`reconnect has to be true, false or an object of options, not ${show(reconnect)}`);
  return {
    given,
    policy: [...POLICY.map((name) => numberOf(name, given[name])), codesOf(given.finalCodes)],
    shouldReconnect: functionOf('shouldReconnect', given.shouldReconnect),
  };
}

/** Bytes that a socket holds while it is disconnected. */
const QUEUED_BYTES = 2 ** 20;

/**
 * Checks the option of the class `WebSocket`, which has more: what `reconnectOf` returns and those.
 * @param {unknown} reconnect
 * @throws {TypeError} naming the option and what it must be
 */
export function socketSettingsOf(reconnect) {
  const settings = reconnectOf(reconnect);
  if (!settings) return undefined;
  const { whileDisconnected, maxQueuedBytes, startClosed } = settings.given;
  return {
    ...settings,
    policy: settings.policy.slice(0, -1),
    finalCodes: settings.policy.at(-1),
    whileDisconnected: wordOf('whileDisconnected', whileDisconnected, ['hold', 'drop', 'throw']),
    maxQueuedBytes: bytesOf('maxQueuedBytes', maxQueuedBytes, QUEUED_BYTES),
    startClosed: flagOf('startClosed', startClosed),
  };
}
