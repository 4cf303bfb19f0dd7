/** The largest delay of `setTimeout`: a signed 32-bit number of milliseconds, almost 25 days. A longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Checks an option that is a timeout. */
export function timeoutOf(name, value) {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0))
    throw new TypeError(`${name} has to be a number of milliseconds, 0 or more, not ${String(value)}`);
  return Math.min(Math.ceil(value), LONGEST);
}
