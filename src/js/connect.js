// From a URL, or a function that gives one, to an open channel; and what is told about it until its end. Nothing here holds the `Channel` itself,
// nor the handle: when the user has let go of it, it is collected and the connection closes.
import { unless } from './abort.js';
import { CANCELLED, ConnectError, NOT_OPEN, wordsOf } from './errors.js';
import { current } from './instance.js';
import { BY_SOCKET, BY_STREAM } from './options.js';
import { CLOSED, CLOSING, OPEN } from './status.js';
import { hear } from './stream.js';

/** Rust's default; here too because the time in which a function gives the URL counts. */
const CONNECT_TIMEOUT_MS = 20_000;

/** What Rust tells: `channel.rs`. After these it is the end, by one of `BY`. */
const OPENED = 0;
const BEGAN_TO_CLOSE = 1;
const TIMED_OUT = 2;
const ENDED = 3;
const BY = ['us', 'peer', 'failure', 'unknown'];

/** RFC 6455 §4.1, item 10: a token, of visible ASCII without the separators of RFC 2616. */
const TOKEN = /^[!#-'*+\-.0-9A-Z^-z|~]+$/;

/**
 * Begins to connect.
 * @param {(state: number, reason?: object, handle?: object) => void} move tells the status
 * @param {AbortController} cancel gives it up
 * @param {import('./line.js').Line} line where messages, reads and sends wait
 * @returns {{ opening: Promise<object>, closed: Promise<object>, checkClose: Function }} the handle, or a `ConnectError`; the end, which never rejects;
 *   and what throws a code of Rust's when `close` does not take a code, or a reason of so many bytes
 */
export function begin(url, settings, move, cancel, line) {
  const { ChannelHandle, WebSocket, WebSocketStream, alive } = current();
  const { signal, transport } = settings;
  const Stream = transport === BY_SOCKET ? undefined : WebSocketStream;
  let weak;
  let isOpen = false;
  let settle;
  let ended;
  // Not of the handle: what settles it lives as long as the connection.
  const outcome = new Promise((resolve, reject) => (settle = { resolve, reject }));
  // It may fail before anybody waits for it.
  outcome.catch(() => {});
  const end = new Promise((resolve) => (ended = resolve));
  const lost = (by) => ({ code: 1006, reason: '', wasClean: false, by, unsentBytes: 0 });

  const tell = (happened, event) => {
    if (happened === OPENED) {
      settle.resolve();
    } else if (happened === BEGAN_TO_CLOSE) {
      line.stop(NOT_OPEN);
      // What is discarded has to be read first.
      line.ask();
      // Not within a call of the user's.
      queueMicrotask(() => move(CLOSING));
    } else {
      settle.reject(happened === TIMED_OUT ? 'TIMED_OUT' : 'CONNECT_FAILED');
      if (!isOpen) return;
      line.stop(NOT_OPEN);
      line.end();
      const { code, reason = '', wasClean = false } = event ?? {};
      // WHATWG WebSockets §4: a connection that failed has the code 1006. Deno has none, 0, when it failed before it was open.
      const closed = { ...lost(BY[happened - ENDED]), code: code || 1006, reason, wasClean };
      ended([closed, closed]);
    }
  };
  const arrived = ({ data }) => {
    const handle = weak.deref();
    if (handle) line.arrive(handle, data);
  };
  const connect = async (address, protocols, limit) => {
    if (!Stream && transport === BY_STREAM) throw 'UNSUPPORTED';
    const { closeTimeoutMs, sendWatermarkBytes, receiveBoundBytes, policy, maxMessageBytes } = settings;
    const bounds = [closeTimeoutMs, sendWatermarkBytes, receiveBoundBytes, policy, maxMessageBytes];
    const handle = Stream
      ? new ChannelHandle(Stream, [address, { protocols }], limit, ...bounds, tell)
      : new ChannelHandle(WebSocket, [address, protocols], limit, ...bounds, tell, arrived);
    weak = new WeakRef(handle);
    if (Stream) hear(handle, line);
    const giveUp = () => {
      settle.reject(CANCELLED);
      handle.abort();
    };
    cancel.signal.addEventListener('abort', giveUp);
    try {
      await outcome;
    } finally {
      cancel.signal.removeEventListener('abort', giveUp);
    }
    return handle;
  };

  const stop = () => {
    cancel.abort(signal.reason);
    // It goes on by itself.
    if (isOpen) weak.deref()?.close(1000, '');
  };
  const fallen = (error) => {
    settle.reject(error);
    line.fail(error);
    ended([error, lost('failure')]);
  };
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  alive.set(fallen, fallen);
  const opening = open(url, settings, cancel.signal, connect);
  opening.then(
    (handle) => {
      isOpen = true;
      move(OPEN, null, handle);
      // It aborted in the very moment.
      if (signal?.aborted) stop();
    },
    (error) => {
      line.fail(error);
      ended([error, lost(error.code === CANCELLED ? 'us' : 'failure')]);
    },
  );
  const closed = end.then(([reason, closed]) => {
    alive.delete(fallen);
    signal?.removeEventListener('abort', stop);
    move(CLOSED, reason);
    return closed;
  });
  return { opening, closed, checkClose: ChannelHandle.checkClose };
}

/** A handle, once it is open. */
async function open(url, settings, signal, connect) {
  const failed = (code, about, cause = {}) => new ConnectError(code, wordsOf(code, about), cause);
  const cancelled = () => new ConnectError(CANCELLED, 'not connected: cancelled by the signal', { cause: signal.reason });
  if (signal.aborted) throw cancelled();
  const limit = settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const began = Date.now();
  const late = () => (signal.aborted ? cancelled() : failed('TIMED_OUT', limit));
  const [given, protocols] = await provided([url, settings.protocols], limit, signal, late);
  if (signal.aborted) throw cancelled();
  const left = limit && Math.max(limit - (Date.now() - began), 1);
  const address = `${given}`;
  // WHATWG WebSockets §3.1: "If urlRecord's fragment is non-null, then throw a SyntaxError". Even an empty one is non-null.
  if (address.includes('#')) throw failed('URL_FRAGMENT');
  const list = typeof protocols === 'string' ? [protocols] : Array.from(protocols, (protocol) => `${protocol}`);
  list.forEach((protocol, index) => {
    if (!TOKEN.test(protocol)) throw failed('BAD_PROTOCOL', protocol);
    if (list.indexOf(protocol) < index) throw failed('DUPLICATE_PROTOCOL', protocol);
  });
  let handle;
  try {
    handle = await connect(address, list, left);
  } catch (error) {
    if (error === CANCELLED) throw cancelled();
    if (typeof error === 'string') throw failed(error, error === 'TIMED_OUT' ? limit : 'it gave a socket that was closed');
    // The package's own, or what the browser's constructor threw.
    if (error.code === 'INTERNAL') throw new ConnectError(error.code, error.message, { cause: error });
    throw error.name === 'SyntaxError' ? failed('BAD_URL') : failed('REFUSED', `${error.name}: ${error.message}`);
  }
  // It opened in the very moment.
  if (!signal.aborted) return handle;
  handle.abort();
  throw cancelled();
}

/** The values, those of functions included; what these do is bound by the same limit and signal as the connection. */
async function provided(values, limit, signal, late) {
  if (!values.some((value) => typeof value === 'function')) return values;
  const over = new AbortController();
  const timer = limit && setTimeout(() => over.abort(), limit);
  const forward = () => over.abort();
  signal.addEventListener('abort', forward);
  const attempt = { attempt: 1, signal: over.signal };
  const given = Promise.all(values.map(async (value) => (typeof value === 'function' ? value(attempt) : value)));
  try {
    return await unless(over.signal, given, late);
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    throw new ConnectError('PROVIDER_FAILED', 'the function that gives the URL or the subprotocols failed', { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', forward);
  }
}
