// The life of a session. Rust has its state and makes every decision; here are its sockets, its timer and its promises.
//
// Nothing here refers to the `Channel`: if the user drops the channel, the session ends.
import * as answers from './session_answer.js';
import { CANCELLED, ChannelClosedError, ConnectError, NOT_OPEN, failed } from './errors.js';
import { SessionLostError, noSession, sessionLater, sessionRefused } from './session_errors.js';
import { Page, isOffline } from './session_page.js';
import { Requests } from './session_requests.js';
import { Sends } from './session_sends.js';
import { Sockets } from './session_socket.js';
import { CLOSED, CLOSING, CONNECTING, OPEN, show } from './session_status.js';
import { Turns } from './session_turns.js';
import { TextDecoder } from './text.js';

/** What `turn` is told, as in Rust. */
const [NOTHING, BATCH, TEXT, FLUSH] = [0, 1, 2, 3];

/** How often to look whether a full socket takes batches, and whether an offline page has a network. */
const FULL_MS = 5;
const LOOK_MS = 1000;
/** The largest delay of `setTimeout`. */
const LONGEST_MS = 2 ** 31 - 1;

/** Below this cost of unread messages, Rust may have more. */
const LOW = 32 * 1024;

const EMPTY = new Uint8Array();
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export class Life {
  #handle;
  #alive;
  #inbox;
  #status;
  #settings;
  #sockets;
  #page;
  #turns = new Turns(() => this.#turn());
  #state = CONNECTING;
  #attempt = 1;
  // Inputs that came within a turn.
  #busy = false;
  #inputs = [];
  #timer;
  #due = Infinity;
  #unread = false;
  // The connect timeout of the first connection, which includes `WELCOME`.
  #first;
  // The last connection's end, and what the first handshake told.
  #lastEnd;
  #info;
  #inDoubt = [];
  #neverSent = [];
  #unsentBytes = 0;
  #settle;
  #ended;
  /** What is to be sent. */
  sends = new Sends({ soon: () => this.#turns.soon(), now: () => this.#turn() }, () => this.#input(() => this.#flush()));
  /** Requests of both sides. */
  requests;
  /** Settles with the first `WELCOME`. */
  opened;
  /** Resolves at the end; never rejects. */
  closed;

  /**
   * @param {object} instance `current()` of `instance.js`
   * @param {import('./session_inbox.js').Inbox} inbox
   * @param {import('./session_status.js').SessionStatus} status
   */
  constructor(instance, url, settings, inbox, status) {
    this.#inbox = inbox;
    this.#status = new WeakRef(status);
    this.#settings = settings;
    this.#alive = instance.alive;
    this.opened = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Without a listener this must not become an unhandled rejection.
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => (this.#ended = resolve));
    inbox.onread = () => this.#read();
    this.requests = new Requests(this.sends, settings);
    this.#handle = new instance.SessionHandle(...settings.rust);
    this.#alive.set(this, (cause) => this.#trapped(cause));
    const to = {
      opened: (info) => this.#input(() => this.#open(info)),
      failed: (cause) => this.#input(() => this.#failed(cause)),
      arrived: (data) => this.#input(() => this.#arrived(data)),
      ended: (end) => this.#input(() => this.#lost(end)),
    };
    this.#sockets = new Sockets(to, url, settings, instance.WebSocket);
    this.#page = new Page(
      (...news) => this.#handle.page(...news),
      () => this.#input(() => false),
    );
    settings.signal?.addEventListener('abort', this);
    const limit = settings.connectTimeoutMs;
    if (limit) this.#first = setTimeout(() => this.#late(limit), limit);
    if (settings.signal?.aborted) this.handleEvent();
    else this.#sockets.connect(1, 0);
  }

  get isConnecting() {
    return this.#state === CONNECTING;
  }

  /** Whether it has not ended, nor begun to. */
  get isOpen() {
    return this.#handle !== undefined && this.#state !== CLOSING;
  }

  // Inputs. Each is told to Rust, and a turn follows. Platforms may call back within `send` and `close`: then it waits for the end of the turn.

  #input(tell) {
    if (!this.#handle) return;
    this.#inputs.push(tell);
    if (this.#busy) return;
    this.#turns.begin();
    this.#work();
  }

  #work() {
    this.#busy = true;
    try {
      while (this.#handle && this.#inputs.length > 0) {
        // A batch is passed by the turn itself.
        const turned = this.#inputs.shift()();
        if (this.#handle && !turned) this.#take();
      }
    } finally {
      this.#busy = false;
      this.#inputs.length = 0;
    }
    this.#inbox.wake();
  }

  #turn() {
    if (!this.#handle) return;
    this.#inputs.push(() => false);
    if (!this.#busy) this.#work();
  }

  /** The only call of `turn`: messages that were sent, and how many were read, go with it. */
  #take(what = NOTHING, batch = EMPTY) {
    // Chromium has no events for it in workers.
    if (isOffline() !== this.#page.wasOffline) this.#page.look();
    const { taken, cost } = this.#inbox;
    const { outbox } = this.sends;
    const bytes = this.#handle.turn(what, taken, cost, this.#sockets.isFull, outbox.heads, outbox.bytes, batch);
    outbox.clear();
    this.#answer(new answers.Answer(bytes), what);
    return true;
  }

  #open(info) {
    this.#info ??= info;
    this.#handle.opened();
  }

  #failed(cause) {
    if (this.isConnecting) this.#fail(cause);
    else this.#handle.failed();
  }

  #late(limit) {
    this.#fail(this.#info ? noSession(`no WELCOME within ${limit} ms (connectTimeoutMs)`) : failed('TIMED_OUT', limit));
  }

  #arrived(data) {
    if (ArrayBuffer.isView(data)) return this.#take(BATCH, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (typeof data === 'object' && data?.byteLength !== undefined) return this.#take(BATCH, new Uint8Array(data));
    // A session has only bytes. A Blob of a test double is as wrong as text.
    return this.#take(TEXT);
  }

  #lost(end) {
    this.#lastEnd = end;
    const { code, reason, wasClean } = end;
    if (this.isConnecting) this.#fail(noSession(`closed with ${code}${reason && `: ${reason}`}`));
    else this.#handle.lost(code, code === 1001 && wasClean && reason === '');
  }

  #flush() {
    return this.#take(FLUSH);
  }

  /** Something was read. */
  #read() {
    if (!this.#handle) return;
    if (this.#unread && this.#inbox.cost < LOW) this.#turns.soon();
    else this.#turns.later();
  }

  // Commands.

  reconnectNow() {
    this.#input(() => this.#handle.reconnectNow());
  }

  suspend() {
    this.#input(() => this.#handle.suspend());
  }

  resume() {
    this.#input(() => this.#handle.resume());
  }

  /** Begins to close; the arguments have been checked. Nothing more is read. */
  close(code, reason) {
    if (this.isConnecting) return this.abort();
    if (!this.isOpen) return;
    this.#state = CLOSING;
    this.#leave();
    this.#input(() => this.#after(() => this.#handle.close(code, reason)));
    this.#show({});
  }

  /** Ends at once, without waiting for the peer. */
  abort() {
    if (!this.#handle) return;
    if (this.isConnecting) {
      return this.#fail(new ConnectError(CANCELLED, 'not connected: the channel was closed before it was open'), undefined, 'local');
    }
    this.#state = CLOSING;
    this.#leave();
    this.#input(() => this.#after(() => this.#handle.abort()));
  }

  /** Behind everything that was sent. */
  #after(tell) {
    this.#take();
    if (this.#handle) tell();
  }

  /** The user has left: reading ends without an error. */
  #leave() {
    this.#inbox.end();
    this.#inbox.clear();
    this.sends.stop();
    this.#inbox.wake();
  }

  /** The option `signal` aborted. */
  handleEvent() {
    const { reason } = this.#settings.signal;
    if (!this.isConnecting) return this.close(1000, '');
    this.#fail(new ConnectError(CANCELLED, 'not connected: the signal was aborted', { cause: reason }), { error: reason }, 'local');
  }

  // Answers.

  #answer(answer, what) {
    const { orders } = answer;
    for (const batch of answer.eachBatch()) this.#sockets.send(batch);
    const items = answer.takeItems();
    if (orders & answers.LEAVE) this.#sockets.leave(...answer.takeLeave());
    if (orders & answers.ABANDON) this.#sockets.abandon();
    if (items.words.length > 0) this.#inbox.add(items, (...item) => this.#mark(...item));
    if (!this.#handle) return;
    if (orders & answers.ABORT) return this.#end(this.#closing('local'));
    this.#unread = (orders & answers.UNREAD) > 0;
    this.#attempt = answer.attempt;
    this.#move(answer);
    if (orders & answers.CONNECT) this.#sockets.connect(answer.attempt, this.#settings.connectTimeoutMs);
    if (what === FLUSH) this.sends.asked(answer.next);
    this.sends.update(answer, this.isOpen && !this.isConnecting);
    this.#wake(answer.delay);
    if (orders & answers.AGAIN && !this.#sockets.isFull) this.#turns.later();
  }

  #move({ state, retryDelay, retained }) {
    if (this.isConnecting && state === OPEN) {
      clearTimeout(this.#first);
      this.#settle.resolve(this.#info);
    }
    this.#state = state;
    this.#show({ nextRetryAt: retryDelay === answers.NEVER ? null : Date.now() + retryDelay, retained });
  }

  #show(more) {
    const status = this.#status.deref();
    if (status) show(status, { state: this.#state, attempt: Math.max(this.#attempt, 1), ...more });
  }

  /** A timer that is earlier stays: deadlines mostly move away. */
  #wake(delay) {
    let after = delay === answers.NEVER ? Infinity : delay;
    if (this.#state === OPEN && this.#sockets.isFull) after = Math.min(after, FULL_MS);
    else if (isOffline()) after = Math.min(after, LOOK_MS);
    if (after === Infinity) return;
    after = Math.min(after, LONGEST_MS);
    const due = performance.now() + after;
    if (this.#timer !== undefined && due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#turns.begin();
      this.#turn();
    }, after);
  }

  /** What the reader finds between messages. Ends are handled now, and found behind everything that arrived. */
  #mark(kind, number, payload) {
    if (kind >= answers.REQUEST) {
      this.requests.hear(kind, number, payload);
      return {};
    }
    switch (kind) {
      case answers.UNDELIVERED:
      case answers.UNDELIVERED + 1:
        return { undelivered: this.#value(kind, payload) };
      case answers.MISSING:
        return { missing: true };
      case answers.RESUMED:
        this.#show({ resumed: true });
        return { event: 'resumed' };
      case answers.IN_DOUBT:
      case answers.IN_DOUBT + 1:
      case answers.NEVER_SENT:
      case answers.NEVER_SENT + 1:
        this.#unsentBytes += payload.length;
        (kind < answers.NEVER_SENT ? this.#inDoubt : this.#neverSent).push(this.#value(kind, payload));
        return {};
      case answers.LOST:
        return this.#lose(utf8.decode(payload), number === 1);
      case answers.ENDED:
        return this.#finish(number, utf8.decode(payload));
      case answers.NO_SESSION:
        this.#fail(noSession('it violated the protocol'));
        return {};
      case answers.LATER:
        this.#fail(sessionLater(number));
        return {};
      default:
        this.#fail(sessionRefused(utf8.decode(payload)));
        return {};
    }
  }

  /** A message of ours, decoded if the codec can. */
  #value(kind, payload) {
    const message = kind & 1 ? utf8.decode(payload) : payload.slice();
    try {
      return this.#settings.codec.decode(message);
    } catch {
      return message;
    }
  }

  #takeUncommitted() {
    const uncommitted = { inDoubt: this.#inDoubt, neverSent: this.#neverSent };
    this.#inDoubt = [];
    this.#neverSent = [];
    return uncommitted;
  }

  #lose(reason, renewed) {
    const lost = new SessionLostError({ reason, renewed, ...this.#takeUncommitted() });
    if (renewed) {
      this.requests.lose();
      this.sends.lose(lost);
      this.#unsentBytes = 0;
    } else {
      const { code, reason: words } = this.#lastEnd ?? {};
      const gaveUp = reason === 'GaveUp';
      this.#end(
        { ...this.#closing('error', lost), code: (gaveUp && code) || 1006, reason: (gaveUp && words) || 'session lost' },
        { error: lost },
      );
    }
    return { event: 'lost', detail: lost };
  }

  #finish(flags, reason) {
    const uncommitted = this.#takeUncommitted();
    const { inDoubt, neverSent } = uncommitted;
    const code = flags & 0xffff;
    const wasClean = (flags & answers.CLEAN) > 0;
    const closed = { ...this.#closing(flags & answers.OURS ? 'local' : 'remote', uncommitted), code, reason, wasClean };
    if (inDoubt.length + neverSent.length > 0) {
      const lost = new SessionLostError({ reason: 'Ended', renewed: false, ...uncommitted });
      this.#end(closed, { error: lost });
      return { event: 'lost', detail: lost };
    }
    // Loss must not look like success.
    this.#end(closed, wasClean && code === 1000 ? undefined : { error: new ChannelClosedError('CHANNEL_CLOSED', closed) });
    return {};
  }

  #closing(by, { inDoubt, neverSent } = this.#takeUncommitted()) {
    return { code: 1006, reason: '', wasClean: false, by, unsentBytes: this.#unsentBytes, inDoubt, neverSent };
  }

  /** The session did not begin. `opened` and reads reject with the error in `thrown`. */
  #fail(cause, thrown = { error: cause }, by = 'error') {
    if (!this.isConnecting || !this.#handle) return;
    this.#settle.reject(thrown.error);
    this.#end(this.#closing(by), thrown, cause);
  }

  #trapped(cause) {
    // Rust cannot tell what was not committed.
    if (this.isConnecting) this.#fail(new ConnectError(cause.code, cause.message, { cause }));
    else this.#end(this.#closing('error'), { error: cause }, cause);
  }

  /** The only way to the end. Reads fail with the error in `failure`, if there is one and the user has not left before. */
  #end(closed, failure, reason) {
    const handle = this.#handle;
    if (!handle) return;
    this.#handle = undefined;
    this.#alive.delete(this);
    this.#page.end();
    this.#settings.signal?.removeEventListener('abort', this);
    clearTimeout(this.#first);
    clearTimeout(this.#timer);
    this.#sockets.end();
    this.#state = CLOSED;
    this.#show({ reason: reason ?? closed });
    this.requests.lose();
    this.sends.stop(reason ?? NOT_OPEN);
    this.#inbox.end(failure);
    this.#ended(closed);
    queueMicrotask(() => handle.free());
    queueMicrotask(() => this.#inbox.wake());
  }
}
