/** More `setTimeout` cannot count: a signed 32-bit number of milliseconds, three weeks. A longer timeout would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Checks the option `connectTimeoutMs`. */
export function timeoutOf(connectTimeoutMs) {
  if (connectTimeoutMs === undefined) return undefined;
  if (typeof connectTimeoutMs !== 'number' || !(connectTimeoutMs >= 0)) {
    throw new TypeError('connectTimeoutMs is a number of milliseconds, 0 or more');
  }
  return Math.min(Math.ceil(connectTimeoutMs), LONGEST);
}
