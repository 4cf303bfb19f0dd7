// The connections of a `WebSocket` with the option `reconnect`, one after another. It takes the place of the handle of a single connection. Rust
// decides when to connect (`reconnect.rs`); this makes the connections and keeps what is sent in between.
//
// |                       | connecting                           | open                 | closing     | closed           |
// | --------------------- | ------------------------------------ | -------------------- | ----------- | ---------------- |
// | the attempt opened    | sends the queue: open                |                      |             |                  |
// | the connection ended, | an attempt follows: connecting;      | the same             | closed      |                  |
// | or the attempt failed | otherwise closed                     |                      |             |                  |
// | `close`               | closing                              | closing              |             |                  |
// | `reconnect`           | a waiting attempt begins             | leaves it: connecting | connecting | connecting       |
// | back from a cache     | the next attempt begins              | leaves it: connecting |            |                  |
//
// `turn` counts the steps. A promise or a callback of the user's that took its time compares it, and does nothing if it is late.
import { isBuffer } from './brands.js';
import { CONNECT_TIMEOUT_MS, provided, refused } from './address.js';
import { ChannelError, SendError, failed, wordsOf } from './errors.js';
import { closeEvent } from './events.js';
import { current } from './instance.js';
import { checkedProtocols } from './options.js';
import { lengthOf } from './queues.js';
import { CLOSED, CLOSING, CONNECTING, OPEN } from './status.js';
import { unwatch, watch } from './suspension.js';

/** The numbers of a handle's reports, and one more. */
const OPENED = 0;
const RECONNECTING = 1;
const ERROR = 2;
const ENDED = 3;

/** What a message counts in the queue in addition to its bytes. Without it empty messages would have no bound. */
const EACH = 32;

/** The longest delay of `setTimeout`. */
const LONGEST = 2 ** 31 - 1;

const NOTHING = { code: 1006, reason: '', wasClean: false };

export class Reconnecting {
  #state = CONNECTING;
  #turn = 0;
  // What to connect to: two values or functions.
  #given;
  #Class;
  #limit;
  #settings;
  #instance;
  #tell;
  #arrived;
  // Rust's decisions.
  #policy;
  #timer;
  // Why the next attempt is made, or the last was.
  #reason = null;
  // Aborts the functions of an attempt.
  #attempt;
  // The handle of the connection or the attempt, and the platform's object of the last one.
  #handle;
  #platform;
  // The platform's `error` event of this attempt.
  #error;
  #binaryType = 'blob';
  #queue = [];
  #queued = 0;

  /** `tell` is called with the reports of one connection, but one end, and with `RECONNECTING` between two. */
  constructor(Class, [url, protocols], limit, settings, tell, arrived) {
    this.#Class = Class;
    this.#limit = limit ?? CONNECT_TIMEOUT_MS;
    this.#settings = settings;
    this.#tell = tell;
    this.#arrived = arrived;
    // Converted once: each attempt has the same.
    const list = typeof protocols === 'function' ? protocols : namesOf(protocols);
    this.#given = [typeof url === 'function' ? url : `${url}`, list];
    if (settings.startClosed) {
      this.#instance = current(Class);
      this.#state = CLOSED;
    } else this.#begin(null);
  }

  /** The connections that the package keeps alive. */
  get alive() {
    return this.#instance.alive;
  }

  get readyState() {
    // The platform may be closing: then what is sent waits for the next connection.
    return this.#state === OPEN && this.#platform.readyState !== OPEN ? CONNECTING : this.#state;
  }

  get(name) {
    if (name === 'binaryType') return this.#binaryType;
    const value = this.#platform?.[name];
    if (name === 'bufferedAmount') return this.#queued + ((this.#state !== CONNECTING && value) || 0);
    return value ?? '';
  }

  /** `binaryType`. Web IDL: other values are ignored. */
  set(name, value) {
    const type = `${value}`;
    if (type !== 'blob' && type !== 'arraybuffer') return;
    this.#binaryType = type;
    this.#handle?.set(name, type);
  }

  sendOne(data) {
    if (this.#state === OPEN && this.#platform.readyState === OPEN) this.#handle.sendOne(data);
    else this.#hold(data);
  }

  send(args) {
    if (args.length > 0) this.sendOne(args[0]);
    else throw new TypeError('WebSocket.send: 1 argument required, but only 0 present');
  }

  /** What is sent while no connection is open. */
  #hold(data) {
    const message = copyOf(data);
    const bytes = sizeOf(message);
    if (this.#state >= CLOSING) {
      // WHATWG WebSockets §3.1, `send`: it is not sent, and counted.
      this.#queued += bytes;
      return;
    }
    const { whileDisconnected, maxQueuedBytes } = this.#settings;
    if (whileDisconnected === 'drop') return;
    if (whileDisconnected === 'throw') throw new DOMException('no connection is open', 'InvalidStateError');
    if (this.#queued + bytes + (this.#queue.length + 1) * EACH > maxQueuedBytes)
      throw new SendError('QUEUE_FULL', wordsOf('QUEUE_FULL', maxQueuedBytes), data);
    this.#queue.push({ message, bytes });
    this.#queued += bytes;
  }

  close(args) {
    if (this.#handle) this.#handle.close(args);
    else this.#check(args);
    if (this.#state >= CLOSING) return;
    this.#step(CLOSING);
    // The standard's class reports nothing within a call.
    if (!this.#handle) this.#later(0, () => this.#end(NOTHING));
  }

  /** Connects anew, or now. */
  reconnect(args) {
    const was = this.#state;
    if (this.#handle && was === OPEN) this.#handle.close(args.length > 0 ? args : [1000]);
    else this.#check(args);
    if (was !== CONNECTING) {
      this.#leave();
      if (was === CLOSED) [this.#queue, this.#queued] = [[], 0];
      const reason = { type: 'requested' };
      const turn = this.#step(CONNECTING);
      if (was === OPEN) this.#tell(RECONNECTING, { attempt: 1, delayMs: 0, reason });
      if (turn === this.#turn) this.#begin(reason);
    } else if (this.#policy.delay >= 0) {
      this.#policy.hurry();
      this.#wait();
    }
  }

  /** The page returned from the back/forward cache: browsers have cut the connection, and still report that it is open. */
  restored() {
    if (this.#state > OPEN) return;
    const waits = this.#policy.delay >= 0;
    this.#policy.restored();
    if (waits) return this.#wait();
    this.#leave();
    this.#again({ type: 'restored' }, NOTHING);
  }

  /** It returned from a freeze, with the same result. */
  resumed() {
    this.restored();
  }

  /** The network or the visibility changed. */
  changed() {
    if (this.#state !== CONNECTING) return;
    this.#policy.changed();
    if (this.#policy.delay >= 0) this.#wait();
  }

  /** The instance is given up, and everything in it. */
  trapped() {
    this.#handle = undefined;
    this.#closed();
    return this;
  }

  #step(state) {
    this.#state = state;
    clearTimeout(this.#timer);
    this.#attempt?.abort();
    this.#attempt = undefined;
    return (this.#turn += 1);
  }

  #later(millis, run) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, millis);
  }

  /** Connects the first time, or as if it were. */
  #begin(reason) {
    try {
      this.#instance = current(this.#Class);
      this.#policy?.free();
      const { policy, finalCodes } = this.#settings;
      this.#policy = new this.#instance.ReconnectHandle(...policy);
      for (const code of finalCodes) this.#policy.addFinalCode(code);
      watch(this);
      this.#connect(reason);
    } catch (error) {
      this.#closed();
      throw error;
    }
  }

  #wait() {
    const look = () => {
      if (!this.#policy.due()) return this.#wait();
      this.#connect(this.#reason);
    };
    this.#later(Math.min(this.#policy.pause, LONGEST), look);
  }

  /** One attempt. Throws what the platform's constructor throws, if it is the first, with constant arguments. */
  #connect(reason) {
    const turn = this.#step(CONNECTING);
    this.#reason = reason;
    this.#error = undefined;
    const [limit, given] = [this.#limit, this.#given];
    if (given.some((value) => typeof value === 'function')) {
      const began = Date.now();
      this.#attempt = new AbortController();
      provided(given, limit, this.#attempt.signal, this.#policy.attempt || 1, reason).then(
        ([url, protocols]) => {
          if (turn === this.#turn) this.#try(url, namesOf(protocols), limit && Math.max(limit - (Date.now() - began), 1));
        },
        (error) => {
          if (turn === this.#turn) this.#failed(error);
        },
      );
    } else if (reason) this.#try(...given, limit);
    else this.#open(...given, limit);
  }

  #try(url, protocols, limit) {
    try {
      this.#open(url, protocols, limit);
    } catch (cause) {
      if (cause?.code === 'INTERNAL') throw cause;
      this.#failed(refused(cause));
    }
  }

  #open(url, protocols, limit) {
    const { SocketHandle, WebSocket } = current(this.#Class);
    const turn = this.#turn;
    let handle;
    const tell = (happened, event) => {
      if (handle && handle === this.#handle) this.#told(happened, event);
    };
    handle = new SocketHandle(WebSocket, protocols === undefined ? [url] : [url, protocols], limit, tell, this.#arrived);
    // The platform converts the arguments, and a test double may call the user.
    if (turn !== this.#turn) return this.#release(handle);
    this.#handle = handle;
    this.#platform = handle.platform;
    if (this.#binaryType !== 'blob') handle.set('binaryType', this.#binaryType);
  }

  #told(happened, event) {
    if (happened === OPENED) this.#opened();
    else if (happened === ERROR) this.#error = { event };
    else this.#ended(event);
  }

  #opened() {
    if (this.#state !== CONNECTING) return;
    this.#policy.opened();
    // Those that were sent first arrive first. A test double may call the user meanwhile, who may send more.
    let sent = 0;
    for (; sent < this.#queue.length && this.#platform.readyState === OPEN; sent += 1) {
      const { message, bytes } = this.#queue[sent];
      this.#handle.sendOne(message);
      this.#queued -= bytes;
    }
    this.#queue = this.#queue.slice(sent);
    this.#step(OPEN);
    this.#tell(OPENED);
  }

  /** The platform's end of this connection or attempt. Without an event it has failed. */
  #ended(event) {
    const handle = this.#handle;
    const unsentBytes = this.#platform.bufferedAmount;
    this.#handle = undefined;
    handle.free();
    const { code, reason = '', wasClean = false } = event ?? {};
    // WHATWG WebSockets §4: the code of a connection that failed is 1006. Deno has 0.
    const closed = { code: code || 1006, reason, wasClean };
    const was = this.#state;
    if (was === CLOSING) return this.#end(closed);
    const error = this.#error;
    const turn = this.#step(CONNECTING);
    const wanted = this.#wanted(closed);
    // The user may have called `close` or `reconnect`.
    if (turn !== this.#turn) return;
    if (!wanted) return this.#end(closed, error);
    if (was === OPEN) {
      this.#policy.closed(closed.code, !reason, wasClean);
      this.#again({ type: 'closed', ...closed, unsentBytes }, closed, error);
    } else {
      this.#policy.failed();
      this.#again({ type: 'failed', error: connectError(error, this.#limit) }, closed, error);
    }
  }

  /** The attempt failed before there was a connection. */
  #failed(error) {
    const turn = this.#step(CONNECTING);
    const wanted = this.#wanted(NOTHING);
    if (turn !== this.#turn) return;
    const told = { event: { message: error.message, error } };
    if (!wanted) return this.#end(NOTHING, told);
    this.#policy.failed();
    this.#again({ type: 'failed', error }, NOTHING, told);
  }

  /** The answer of `shouldReconnect`. Its exceptions are reported like those of a listener, and the policy decides. */
  #wanted(closed) {
    try {
      const answer = this.#settings.shouldReconnect?.(closeEvent(closed)) ?? true;
      if (typeof answer === 'boolean') return answer;
      throw new TypeError(`shouldReconnect has to return true or false, not ${typeof answer}`);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
      return true;
    }
  }

  /** Another attempt follows, unless the policy has decided otherwise. */
  #again(reason, closed, error) {
    const delayMs = this.#policy.delay;
    if (Number.isNaN(delayMs)) return this.#end(closed, error);
    this.#step(CONNECTING);
    this.#reason = reason;
    this.#wait();
    this.#tell(RECONNECTING, { attempt: this.#policy.attempt, delayMs, reason });
  }

  /** Leaves the connection or the attempt, whatever it does. */
  #leave() {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle) this.#release(handle);
  }

  /** Later, because it may be in a call. */
  #release(handle) {
    handle.leave();
    setTimeout(() => handle.free());
  }

  /** The real end. `error` is one that the user did not ask for. */
  #end(closed, error) {
    this.#closed();
    if (error) this.#tell(ERROR, error.event);
    if (this.#state === CLOSED) this.#tell(ENDED, closed);
  }

  #closed() {
    this.#step(CLOSED);
    unwatch(this);
    this.#policy?.free();
    this.#policy = undefined;
    this.#queue = [];
  }

  /** Checks the arguments of `close` as the platform does. */
  #check([code = 1000, reason = '']) {
    // Web IDL: `[Clamp] unsigned short`, and `USVString`.
    const number = Math.min(Math.max(Math.round(Number(code)) || 0, 0), 65_535);
    const bytes = lengthOf(`${reason}`);
    try {
      this.#instance.ChannelHandle.checkClose(number, bytes);
    } catch (problem) {
      if (problem instanceof ChannelError) throw problem;
      const [name, about] = problem === 'BAD_CLOSE_CODE' ? ['InvalidAccessError', number] : ['SyntaxError', bytes];
      throw new DOMException(wordsOf(problem, about), name);
    }
  }
}

/** Why an attempt failed, as `opened` of a channel reports it. The platform's `error` has no event if our timeout passed. */
function connectError({ event } = {}, limit) {
  if (event === undefined) return failed('TIMED_OUT', limit);
  const { message, error: cause } = event;
  return failed('CONNECT_FAILED', message || undefined, cause ? { cause } : {});
}

/** Subprotocols as the platform's constructor takes them; undefined for none. */
function namesOf(protocols) {
  const checked = checkedProtocols(protocols);
  return checked === undefined || checked === null || typeof checked === 'string' ? (checked ?? undefined) : Array.from(checked, String);
}

const sizeOf = (message) => (typeof message === 'string' ? lengthOf(message) : (message.size ?? message.byteLength));

/** What `send` takes, by value: the platform copies bytes within `send`, too. */
function copyOf(data) {
  if (ArrayBuffer.isView(data)) {
    if (!isBuffer(data.buffer)) throw new TypeError('WebSocket.send: shared memory cannot be sent');
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  if (isBuffer(data)) return data.slice(0);
  if (typeof data !== 'string' && Object.prototype.toString.call(data) === '[object Blob]') return data;
  return `${data}`;
}
