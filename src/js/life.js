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
// Closed is final. A transition completes before anything is reported: promises settle and `change` is dispatched in later microtasks, so that no
// user code runs in the middle of a transition.
//
// The platform's object refers to this machine. So nothing here refers to the `Channel`, nor, once it is open, to the handle: when the user drops
// the channel, it is collected and the connection closes.
import { CANCELLED, ConnectError, LIMITS, NOT_OPEN, failed } from './errors.js';
import { CLOSED, CLOSING, CONNECTING, OPEN, move } from './status.js';
import { unwatch, watch } from './suspension.js';

/** What Rust reports: `channel.rs`. From `TIMED_OUT` on it is the end; from `ENDED` on by one of `BY`. */
const OPENED = 0;
const TIMED_OUT = 4;
const ENDED = 5;
const BY = ['local', 'remote', 'error', 'unknown'];

/** How long a page that was frozen waits for the platform to report that the connection is lost: Chromium takes about 15 ms. */
const DOUBT_MS = 100;

const lost = (by) => ({ code: 1006, reason: '', wasClean: false, by, unsentBytes: 0 });

export class Life {
  #state = CONNECTING;
  #line;
  #status;
  #alive;
  #signal;
  // What the channel sends by. Ours only until it is open.
  #slot;
  #handle;
  #weak;
  #offered = [];
  #holdsBack = false;
  #settle;
  #ended;
  // The code of the limit of ours that ended it.
  #limit;
  // We were asked to end it: reading ends without an error.
  #left = false;
  #doubt;
  /** Aborts when connecting is given up. */
  connecting = new AbortController();
  /** Of what the handshake settled. */
  opened;
  /** Of the end; it never rejects. */
  closed;
  /** How reading ends: with nothing, or with this code of a {@link ChannelClosedError}. */
  get ending() {
    return this.#left ? undefined : (this.#limit ?? 'CHANNEL_CLOSED');
  }

  /**
   * @param {import('./line.js').Line} line where messages, reads and sends wait
   * @param {import('./status.js').ChannelStatus} status shows it
   * @param {{ handle?: object }} slot is given the handle when it is open
   * @param {Map<object, (error: Error) => void>} alive who is told of a trap
   * @param {AbortSignal} [signal] ends it
   */
  constructor(line, status, slot, alive, signal) {
    this.#line = line;
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

  /** The connection has been made, offering these subprotocols; it is not open yet. `holdsBack`: the peer waits while nobody reads. */
  made(handle, offered, holdsBack) {
    this.#weak = new WeakRef(handle);
    this.#offered = offered;
    this.#holdsBack = holdsBack;
    // It may have ended within the constructor.
    if (this.isConnecting) this.#handle = handle;
  }

  /** Rust tells. It must not throw. */
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
      // A double that is not made to the end.
      return this.fail(failed('CONNECT_FAILED', cause?.message, { cause }));
    }
    // workerd has null for nothing.
    protocol ??= '';
    extensions ??= '';
    // RFC 6455 §4.1: a client may go on without one. Chromium, Node and Bun do not, so nowhere does a channel. WebKit takes one in other letters.
    if (this.#offered.length > 0 && !this.#offered.includes(protocol)) return this.fail(failed('SUBPROTOCOL', this.#offered.join(', ')));
    this.#move(OPEN);
    this.#slot.handle = handle;
    this.#slot = this.#handle = undefined;
    this.#settle.resolve({ protocol, extensions });
    this.#line.look(handle);
  }

  #closing(limit) {
    if (this.#state !== OPEN) return;
    this.#limit = limit;
    this.#move(CLOSING);
    this.#line.stop(NOT_OPEN);
    // What is discarded has to be read first.
    this.#line.ask();
  }

  #over(by, event) {
    const { code, reason, wasClean } = event ?? {};
    if (this.isConnecting) {
      // Browsers hide why. Deno and Bun say it in their `error` event, or in its `error`, which in Node has no words.
      const cause = event?.error;
      const words = [event?.message, cause?.message, cause?.cause?.message].find(Boolean);
      // Nobody closes what is not open: a double may say that the peer did.
      this.#end(lost('error'), failed('CONNECT_FAILED', words, words && cause ? { cause } : undefined));
      return;
    }
    // WHATWG WebSockets §4: a connection that failed has the code 1006. Deno has none, 0, when it failed before it was open.
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

  /** Ends at once, and does not wait for the peer. What was not read is dropped. */
  abort(error = new ConnectError(CANCELLED, 'not connected: the channel was closed before it was open')) {
    if (this.#state === CLOSED) return;
    const wasConnecting = this.isConnecting;
    this.#leave();
    this.#line.discard(this.#weak?.deref());
    this.#end(lost('local'), wasConnecting ? error : undefined);
  }

  /** Reading ends without an error: what arrives from now on is discarded. */
  #leave() {
    if (this.#limit) return;
    this.#left = true;
    this.#line.end();
  }

  /** The option `signal` aborted. */
  handleEvent() {
    const { reason } = this.#signal;
    if (this.isConnecting) {
      const error = new ConnectError(CANCELLED, 'not connected: the signal was aborted', { cause: reason });
      this.#end(lost('local'), error, reason);
    } else {
      this.close(1000, '');
      this.#line.discard(this.#weak.deref());
    }
  }

  /**
   * The page is back from the back/forward cache. Browsers that keep a page with a WebSocket there cut the connection (Chromium from 156, WebKit),
   * and tell so after `pageshow`: until then it says OPEN, and WebKit loses what is sent.
   */
  restored() {
    if (this.isConnecting) this.fail(failed('CONNECT_FAILED', 'the page was in the back/forward cache'));
    else this.#end(lost(this.#left ? 'local' : 'error'));
  }

  /** The page was frozen. Chromium cuts the connection from 156 on, and tells so after `resume`; older ones keep it. */
  resumed() {
    if (this.#state !== OPEN) return;
    this.#line.hold();
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => this.#line.release(this.#weak.deref()), DOUBT_MS);
  }

  #trapped(error) {
    // As everything that keeps a channel from opening.
    this.#end(lost('error'), this.isConnecting ? new ConnectError(error.code, error.message, { cause: error }) : error);
  }

  /** The one way to the end. `thrown` is what `opened` and reads reject with, where that is not `error` itself. */
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
    this.#line.stop(error ?? NOT_OPEN);
    if (error && !this.#left) this.#line.fail(thrown);
    else this.#line.end();
    if (error) {
      this.#settle.reject(thrown);
      this.connecting.abort(thrown);
    }
    this.#ended(closed);
    // Where it was not the platform that ended it. Last, as a platform may tell its end within.
    handle?.abort();
  }

  #move(state, reason) {
    this.#state = state;
    const status = this.#status.deref();
    if (status) move(status, state, reason, this.#weak?.deref(), this.#holdsBack);
  }
}
