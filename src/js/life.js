// The life of a channel: one state machine, moved synchronously by the platform's events and the user's calls.
//
// |                               | connecting               | open                    | closing                 |
// | ----------------------------- | ------------------------ | ----------------------- | ----------------------- |
// | the platform opened           | open                     |                         |                         |
// | the platform, or a limit of   |                          | closing                 |                         |
// | ours, began to close          |                          |                         |                         |
// | the platform's end            | closed: `CONNECT_FAILED` | closed                  | closed                  |
// | an error of connecting        | closed: that error       |                         |                         |
// | `close`                       | closed: `CANCELLED`      | closing                 |                         |
// | `abort`                       | closed: `CANCELLED`      | closed                  | closed                  |
// | back from a cache             | closed: `CONNECT_FAILED` | closed                  | closed                  |
// | a trap                        | closed: `INTERNAL`       | closed: `INTERNAL`      | closed: `INTERNAL`      |
//
// Closed is final. A transition completes before anything is reported: promises settle and `change` is dispatched in later microtasks. So no user
// code runs in the middle of a transition.
//
// The platform's object refers to this machine. So nothing here refers to the `Channel`, or to the handle once it is open: if the user drops the
// channel, it is collected and the connection closes.
import { CANCELLED, ConnectError, LIMITS, NOT_OPEN, failed } from './errors.js';
import { CLOSED, CLOSING, CONNECTING, OPEN, move } from './status.js';
import { unwatch, watch } from './suspension.js';

/** Numbers that Rust reports: `channel.rs`. From `TIMED_OUT` on they are an end, from `ENDED` on by one of `BY`. */
const OPENED = 0;
const TIMED_OUT = 4;
const ENDED = 5;
const BY = ['local', 'remote', 'error', 'unknown'];

/** How long a page that was frozen waits for the platform to report that the connection is lost: Chromium takes about 15 ms. */
const DOUBT_MS = 100;

const lost = (by) => ({ code: 1006, reason: '', wasClean: false, by, unsentBytes: 0 });

export class Life {
  #state = CONNECTING;
  #queues;
  #status;
  #alive;
  #signal;
  // The handle, for sending. Strong only until it is open.
  #slot;
  #handle;
  #weak;
  #offered = [];
  #holdsBack = false;
  #settle;
  #ended;
  // The code of our limit that ended the channel.
  #limit;
  // The user ended it: reading ends without an error.
  #left = false;
  #doubt;
  /** Aborts when connecting is cancelled. */
  connecting = new AbortController();
  /** Settles with the handshake. */
  opened;
  /** Resolves at the end; never rejects. */
  closed;
  /** How reading ends: `undefined` without an error, or the code of a {@link ChannelClosedError}. */
  get ending() {
    return this.#left ? undefined : (this.#limit ?? 'CHANNEL_CLOSED');
  }

  /**
   * @param {import('./queues.js').Queues} queues where messages, reads and sends wait
   * @param {import('./status.js').ChannelStatus} status shows it
   * @param {{ handle?: object }} slot is given the handle when it is open
   * @param {Map<object, (error: Error) => void>} alive what to call after a trap
   * @param {AbortSignal} [signal] ends it
   */
  constructor(queues, status, slot, alive, signal) {
    this.#queues = queues;
    this.#status = new WeakRef(status);
    this.#slot = slot;
    this.#alive = alive;
    this.#signal = signal;
    this.opened = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Without a listener this must not become an unhandled rejection.
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => (this.#ended = resolve));
    alive.set(this, (error) => this.#trapped(error));
    watch(this);
    signal?.addEventListener('abort', this);
    if (signal?.aborted) this.handleEvent();
  }

  get isConnecting() {
    return this.#state === CONNECTING;
  }

  /** The connection has been constructed with these subprotocols, and is not open yet. `holdsBack`: it has receive backpressure. */
  made(handle, offered, holdsBack) {
    this.#weak = new WeakRef(handle);
    this.#offered = offered;
    this.#holdsBack = holdsBack;
    // It may have ended within the constructor.
    if (this.isConnecting) this.#handle = handle;
  }

  /** Handles a report of Rust. Must not throw. */
  tell(happened, event) {
    if (happened === OPENED) this.#open();
    else if (happened < TIMED_OUT) this.#closing(LIMITS[happened]);
    else if (happened === TIMED_OUT) this.fail(failed('TIMED_OUT', this.limitMs));
    else this.#over(BY[happened - ENDED], event);
  }

  #open() {
    if (!this.isConnecting) return;
    const handle = this.#handle;
    let protocol, extensions;
    try {
      ({ protocol, extensions } = handle.platform);
    } catch (cause) {
      // An incomplete test double.
      return this.fail(failed('CONNECT_FAILED', cause?.message, { cause }));
    }
    // workerd has `null` for none.
    protocol ??= '';
    extensions ??= '';
    // RFC 6455 §4.1: a client may continue without a subprotocol. Chromium, Node and Bun do not, so a channel never does. WebKit accepts one in other
    // case.
    if (this.#offered.length > 0 && !this.#offered.includes(protocol)) return this.fail(failed('SUBPROTOCOL', this.#offered.join(', ')));
    this.#move(OPEN);
    this.#slot.handle = handle;
    this.#slot = this.#handle = undefined;
    this.#settle.resolve({ protocol, extensions });
    this.#queues.look(handle);
  }

  #closing(limit) {
    if (this.#state !== OPEN) return;
    this.#limit = limit;
    this.#move(CLOSING);
    this.#queues.stop(NOT_OPEN);
    // Messages must be read to be discarded.
    this.#queues.ask();
  }

  #over(by, event) {
    const { code, reason, wasClean } = event ?? {};
    if (this.isConnecting) {
      // Browsers hide the cause. Deno and Bun report it in the `error` event or in its `error`, which is empty in Node.
      const cause = event?.error;
      const words = [event?.message, cause?.message, cause?.cause?.message].find(Boolean);
      // Nobody can close a connection that is not open. A test double may say that the peer did.
      this.#end(lost('error'), failed('CONNECT_FAILED', words, words && cause ? { cause } : undefined));
      return;
    }
    // WHATWG WebSockets §4: the code of a connection that failed is 1006. Deno has 0 if it failed before it was open.
    this.#end({ ...lost(by), code: code || 1006, reason: reason ?? '', wasClean: wasClean ?? false });
  }

  /** Connecting failed with this error. */
  fail(error, by = 'error') {
    if (this.isConnecting) this.#end(lost(by), error);
  }

  /** Begins to close; the arguments have been checked. */
  close(code, reason) {
    if (this.isConnecting) return this.abort();
    if (this.#state !== OPEN) return;
    this.#leave();
    this.#weak.deref()?.close(code, reason);
  }

  /** Ends at once, without waiting for the peer. Unread messages are dropped. */
  abort(error = new ConnectError(CANCELLED, 'not connected: the channel was closed before it was open')) {
    if (this.#state === CLOSED) return;
    const wasConnecting = this.isConnecting;
    this.#leave();
    this.#queues.discard(this.#weak?.deref());
    this.#end(lost('local'), wasConnecting ? error : undefined);
  }

  /** Reading ends without an error. Messages that arrive from now on are discarded. */
  #leave() {
    if (this.#limit) return;
    this.#left = true;
    this.#queues.end();
  }

  /** The option `signal` aborted. */
  handleEvent() {
    const { reason } = this.#signal;
    if (this.isConnecting) {
      const error = new ConnectError(CANCELLED, 'not connected: the signal was aborted', { cause: reason });
      this.#end(lost('local'), error, reason);
    } else {
      this.close(1000, '');
      this.#queues.discard(this.#weak.deref());
    }
  }

  /**
   * The page returned from the back/forward cache. Browsers that cache a page with a WebSocket cut the connection (Chromium from 156 on, WebKit), and
   * report that after `pageshow`. Until then its state is OPEN, and WebKit loses what is sent.
   */
  restored() {
    if (this.isConnecting) this.fail(failed('CONNECT_FAILED', 'the page was in the back/forward cache'));
    else this.#end(lost(this.#left ? 'local' : 'error'));
  }

  /** The page was frozen. Chromium cuts the connection from 156 on and reports that after `resume`; older versions keep it. */
  resumed() {
    if (this.#state !== OPEN) return;
    this.#queues.hold();
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => this.#queues.release(this.#weak.deref()), DOUBT_MS);
  }

  #trapped(error) {
    // Like every other reason why a channel does not open.
    this.#end(lost('error'), this.isConnecting ? new ConnectError(error.code, error.message, { cause: error }) : error);
  }

  /** The only way to the end. `opened` and reads reject with `thrown`, if it differs from `error`. */
  #end(closed, error, thrown = error) {
    if (this.#state === CLOSED) return;
    const { code, wasClean } = closed;
    // Loss must not look like success.
    if (!this.#limit && !error && wasClean && (code === 1000 || code === 1005)) this.#left = true;
    this.#alive.delete(this);
    unwatch(this);
    this.#signal?.removeEventListener('abort', this);
    clearTimeout(this.#doubt);
    const handle = this.#weak?.deref();
    this.#slot = this.#handle = undefined;
    this.#move(CLOSED, error ?? closed);
    this.#queues.stop(error ?? NOT_OPEN);
    if (error && !this.#left) this.#queues.fail(thrown);
    else this.#queues.end();
    if (error) {
      this.#settle.reject(thrown);
      this.connecting.abort(thrown);
    }
    this.#ended(closed);
    // If the platform did not end it, close it. Last, because a platform may report its end within the call.
    handle?.abort();
  }

  #move(state, reason) {
    this.#state = state;
    const status = this.#status.deref();
    if (status) move(status, state, reason, this.#weak?.deref(), this.#holdsBack);
  }
}
