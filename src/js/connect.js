// From a URL, or a function that gives one, to an open channel; and what is told about it until its end. Nothing here holds the `Channel` itself:
// when the user has let go of it, it is collected and the connection closes.
import { unless } from './abort.js';
import { ConnectError, wordsOf } from './errors.js';
import { current } from './instance.js';
import { CLOSED, CLOSING, OPEN } from './status.js';

/** Rust's default; here too because the time in which a function gives the URL counts. */
const CONNECT_TIMEOUT_MS = 20_000;

/**
 * Begins to connect.
 * @param {(state: number, reason?: object, handle?: object) => void} move tells the status
 * @param {AbortController} cancel gives it up
 * @returns {{ opening: Promise<object>, closed: Promise<object>, call(work: () => any): any, arrival(): Promise<void> }} `opening`: the handle,
 *   or a `ConnectError`; `closed` never rejects; `call` does what needs the handle, and throws, or rejects what waits, when the instance is given
 *   up; `arrival` resolves when there is something to read, the end included
 */
export function begin(url, settings, move, cancel) {
  const { ChannelHandle, alive } = current();
  const { signal } = settings;
  const { call, arrival, rung, giveUp } = line();
  let weak;
  const stop = () => {
    cancel.abort(signal.reason);
    // 1000 is allowed. It goes on by itself.
    void weak?.deref()?.close(1000, '');
  };
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  const opening = open(ChannelHandle, call, rung, url, settings, cancel.signal);
  const closed = opening
    .then(
      (handle) => {
        weak = new WeakRef(handle);
        move(OPEN, null, handle);
        // `handle` itself must not live in what waits.
        return follow(call, weak, move);
      },
      (error) => {
        move(CLOSED, error);
        return lost(error.code === 'CANCELLED' ? 'us' : 'failure');
      },
    )
    .catch((error) => {
      move(CLOSED, error);
      return lost('failure');
    })
    .finally(() => {
      alive.delete(giveUp);
      signal?.removeEventListener('abort', stop);
    });
  alive.set(giveUp, giveUp);
  return { opening, closed, call, arrival };
}

/** Calls into an instance that may be given up: nothing that it had promised comes then. */
function line() {
  const waiting = new Set();
  let given;
  // Rust holds `rung`: it must hold nothing but the one who waits now.
  let arrived;
  const arrival = () => new Promise((resolve) => (arrived = resolve));
  const rung = () => {
    arrived?.();
    arrived = undefined;
  };
  const call = (work) => {
    if (given) throw given;
    const result = work();
    if (!(result instanceof Promise)) return result;
    return new Promise((resolve, reject) => {
      const done = (settle) => (value) => {
        waiting.delete(reject);
        settle(value);
      };
      waiting.add(reject);
      result.then(done(resolve), done(reject));
    });
  };
  const giveUp = (error) => {
    given = error;
    for (const reject of waiting) reject(error);
    waiting.clear();
    rung();
  };
  return { call, arrival, rung, giveUp };
}

const lost = (by) => ({ code: 1006, reason: '', wasClean: false, by, unsentBytes: 0 });

/** Tells what comes after open, and gives the end. */
async function follow(call, weak, move) {
  const changed = (seen) => call(() => weak.deref()?.changed(seen));
  let end = await changed(1);
  if (end === 2) {
    move(CLOSING);
    end = await changed(2);
  }
  // Nobody holds it any more, and it is closing: that was us.
  end ??= lost('us');
  move(CLOSED, end);
  return end;
}

/** A handle, once it is open. */
async function open(ChannelHandle, call, rung, url, settings, signal) {
  const cancelled = () => new ConnectError('CANCELLED', 'not connected: cancelled by the signal', { cause: signal.reason });
  if (signal.aborted) throw cancelled();
  const limit = settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const began = Date.now();
  const [address, protocols] = await provided([url, settings.protocols], limit, signal, cancelled);
  if (signal.aborted) throw cancelled();
  const left = limit && Math.max(limit - (Date.now() - began), 1);
  const list = typeof protocols === 'string' ? [protocols] : Array.from(protocols, (protocol) => `${protocol}`);
  let handle;
  try {
    handle = await call(() =>
      ChannelHandle.connect(
        `${address}`,
        list,
        signal,
        left,
        settings.closeTimeoutMs,
        settings.sendWatermarkBytes,
        settings.receiveBoundBytes,
        settings.policy,
        settings.maxMessageBytes,
        rung,
      ),
    );
  } catch (error) {
    if (error.code === 'CANCELLED') throw cancelled();
    throw new ConnectError(error.code, wordsOf(error, limit), error instanceof Error ? { cause: error } : undefined);
  }
  // It opened in the very moment.
  if (!signal.aborted) return handle;
  handle.abort();
  throw cancelled();
}

/** The values, those of functions included; what these do is bound by the same limit and signal as the connection. */
async function provided(values, limit, signal, cancelled) {
  if (!values.some((value) => typeof value === 'function')) return values;
  const over = new AbortController();
  const timer = limit && setTimeout(() => over.abort(), limit);
  const forward = () => over.abort();
  signal.addEventListener('abort', forward);
  const late = { code: 'TIMED_OUT' };
  const refusal = () => (signal.aborted ? cancelled() : new ConnectError(late.code, wordsOf(late, limit)));
  const attempt = { attempt: 1, signal: over.signal };
  const given = Promise.all(values.map(async (value) => (typeof value === 'function' ? value(attempt) : value)));
  try {
    return await unless(over.signal, given, refusal);
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    throw new ConnectError('PROVIDER_FAILED', 'the function that gives the URL or the subprotocols failed', { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', forward);
  }
}
