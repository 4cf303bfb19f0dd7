// The options of a session's channel, checked before anything happens.
import { settingsOf } from './options.js';
import { reconnectOf } from './reconnect_options.js';

/** As for every channel. It is needed here because the timeout includes the function that returns the URL. */
const CONNECT_TIMEOUT_MS = 20_000;

const OPTIONS = ['onLost', 'windowBytes', 'maxBatchBytes'];
const ON_LOST = ['end', 'renew'];

/** Options of other channels that a session has no use for. */
const FOREIGN = ['overflow', 'transport', 'receiveBufferBytes'];

const bytesOf = (name, value) => {
  if (value === undefined || value === null) return NaN;
  if (typeof value === 'number' && value >= 0) return Math.min(value, 2 ** 32 - 1);
  throw new TypeError(`session.${name} has to be a number of bytes, 0 or more, not ${String(value)}`);
};

/** For Rust: 0 is no limit, and NaN the default. */
const timeoutOf = (value) => (value === 0 ? Infinity : (value ?? NaN));

/** The policy, in Rust's order; NaN stands for a default. */
function policyOf(reconnect) {
  if (reconnect === false) return [NaN, NaN, NaN, NaN, 0, NaN, new Uint16Array()];
  const found = reconnectOf(reconnect ?? true);
  if (found.shouldReconnect) throw new TypeError('reconnect.shouldReconnect is not for sessions: use reconnect.finalCodes');
  return found.policy.map((value) => value ?? NaN);
}

/**
 * Checks and converts the options.
 * @throws {TypeError} naming the option
 */
export function sessionSettingsOf(options) {
  const settings = settingsOf(options);
  const session = options?.session ?? true;
  if (session !== true && typeof session !== 'object')
    throw new TypeError(
      `session has to be true or an object of options, not ${String(session)}: channels without a session are in websocket-channel`,
    );
  for (const name of FOREIGN)
    if ((options?.[name] ?? undefined) !== undefined) throw new TypeError(`${name} is not an option of a channel with a session`);
  const [onLost = 'end', windowBytes, maxBatchBytes] = OPTIONS.map((name) => session[name] ?? undefined);
  if (!ON_LOST.includes(onLost)) throw new TypeError(`session.onLost has to be one of ${ON_LOST.join(', ')}, not ${String(onLost)}`);
  const policy = policyOf(options?.reconnect);
  const finalCodes = policy.pop();
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, closeTimeoutMs, sendHighWaterMarkBytes, maxMessageBytes } = settings;
  const limits = [timeoutOf(connectTimeoutMs), timeoutOf(closeTimeoutMs), sendHighWaterMarkBytes ?? NaN];
  limits.push(bytesOf('windowBytes', windowBytes), maxMessageBytes ?? NaN, bytesOf('maxBatchBytes', maxBatchBytes));
  return {
    ...settings,
    connectTimeoutMs,
    // The arguments of `SessionHandle`.
    rust: [Float64Array.from(policy), finalCodes, Float64Array.from(limits), onLost === 'renew'],
  };
}
