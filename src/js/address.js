// The URL and the subprotocols of a connection: from values or functions to what the platform's constructor gets.
import { unless } from './abort.js';
import { isURL } from './brands.js';
import { ConnectError, failed } from './errors.js';
import { checkedProtocols } from './options.js';

/** The same default as in Rust. It is needed here because the timeout includes the function that returns the URL. */
export const CONNECT_TIMEOUT_MS = 20_000;

/** RFC 6455 §4.1, item 10: a token, of visible ASCII without the separators of RFC 2616. */
const TOKEN = /^[!#-'*+\-.0-9A-Z^-z|~]+$/;

/**
 * Checks what the platform's constructor gets.
 * @returns {[string, string[]]} the URL and the subprotocols
 */
export function checked(given, protocols) {
  const address = `${given}`;
  // WHATWG WebSockets §3.1: "If urlRecord's fragment is non-null, then throw a SyntaxError". Even an empty one is non-null.
  if (address.includes('#')) throw failed('URL_FRAGMENT');
  const list = typeof protocols === 'string' ? [protocols] : Array.from(protocols, (protocol) => `${protocol}`);
  const seen = new Set();
  for (const protocol of list) {
    if (!TOKEN.test(protocol)) throw failed('BAD_PROTOCOL', protocol);
    if (seen.has(protocol)) throw failed('DUPLICATE_PROTOCOL', protocol);
    seen.add(protocol);
  }
  return [address, list];
}

/** What the platform's constructor threw, or a code from Rust. */
export function refused(error) {
  if (typeof error === 'string') return failed(error, 'it returned a closed socket');
  if (error?.code === 'INTERNAL') return new ConnectError(error.code, error.message, { cause: error });
  if (error?.name === 'SyntaxError') return failed('BAD_URL', '', { cause: error });
  return failed('REFUSED', `${error?.name}: ${error?.message}`, { cause: error });
}

/** Resolves the arguments, including functions. The connect timeout includes these functions, and cancels them. */
export async function provided(values, limit, signal, number = 1, reason = null) {
  const over = new AbortController();
  const timer = limit && setTimeout(() => over.abort(), limit);
  const forward = () => over.abort(signal.reason);
  signal.addEventListener('abort', forward);
  const attempt = { number, reason, signal: over.signal };
  const given = Promise.all(values.map(async (value) => (typeof value === 'function' ? value(attempt) : value)));
  try {
    const [url, protocols] = await unless(over.signal, given, () => failed('TIMED_OUT', limit));
    if (typeof values[0] === 'function' && typeof url !== 'string' && !isURL(url))
      throw new TypeError(`the function for the URL returned ${url}: it has to return a string or a URL`);
    return [url, checkedProtocols(protocols)];
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    throw new ConnectError('PROVIDER_FAILED', 'the function that returns the URL or the subprotocols failed', { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', forward);
  }
}
