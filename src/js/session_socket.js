// The platform's sockets under a session: the one that carries it, and the one that is being made.
import { ConnectError, failed } from './errors.js';
import { checked, provided, refused } from './address.js';

/** What a connection holds unsent before the session waits with the next batch. */
const SEND_BUFFER = 128 * 1024;

/** Node 22 has no `CloseEvent` for every end, and test doubles need not have all its fields. */
const endOf = (event) => ({ code: event?.code || 1006, reason: event?.reason ?? '', wasClean: event?.wasClean ?? false });

/**
 * How long to wait for the platform's `close` after an `error`, as in Rust. Most fire both in one task; Node 22 fires none for a connection that did
 * not open, and workerd none after a message that is too large for it.
 */
const CLOSE_AFTER_ERROR_MS = 50;

/** Closes a socket whose events do not matter any more. */
function leave(socket, code, reason) {
  socket.onopen = socket.onmessage = socket.onclose = null;
  // Node's `ws` throws if nothing listens.
  socket.onerror = () => {};
  socket.close(code, reason);
}

export class Sockets {
  #to;
  #url;
  #settings;
  #WebSocket;
  #socket;
  // The attempt: its controller, its socket, its timer.
  #attempt;

  /**
   * @param {object} to what happened: `opened(info)`, `failed(error)`, `arrived(data)`, `ended(event)`. None may throw
   * @param {unknown} url or a function
   */
  constructor(to, url, settings, WebSocket) {
    this.#to = to;
    this.#url = url;
    this.#settings = settings;
    this.#WebSocket = WebSocket;
  }

  /** Whether the connection takes no batch now. */
  get isFull() {
    return !this.#socket || this.#socket.bufferedAmount > SEND_BUFFER;
  }

  /** The first attempt, or another one: `number`. It replaces one that is being made. */
  connect(number, limit) {
    this.abandon();
    const attempt = { controller: new AbortController(), socket: undefined, timer: undefined };
    this.#attempt = attempt;
    const { signal } = attempt.controller;
    const fail = (error) => {
      if (this.#attempt !== attempt) return;
      this.abandon();
      this.#to.failed(error);
    };
    if (limit) attempt.timer = setTimeout(() => fail(failed('TIMED_OUT', limit)), limit);
    const make = ([url, protocols]) => {
      if (this.#attempt !== attempt) return;
      try {
        this.#make(attempt, checked(url, protocols ?? []), fail);
      } catch (error) {
        fail(error instanceof ConnectError ? error : refused(error));
      }
    };
    const given = [this.#url, this.#settings.protocols];
    if (given.some((value) => typeof value === 'function')) provided(given, 0, signal, number).then(make, fail);
    else make(given);
  }

  #make(attempt, [address, offered], fail) {
    const socket = new this.#WebSocket(address, offered);
    attempt.socket = socket;
    socket.binaryType = 'arraybuffer';
    const open = () => {
      if (this.#attempt !== attempt) return;
      const protocol = socket.protocol ?? '';
      // As for every channel.
      if (offered.length > 0 && !offered.includes(protocol)) return fail(failed('SUBPROTOCOL', offered.join(', ')));
      this.#attempt = undefined;
      clearTimeout(attempt.timer);
      this.leave(1000, '');
      this.#socket = socket;
      this.#to.opened({ protocol, extensions: socket.extensions ?? '' });
    };
    let words;
    const end = (event) => {
      if (this.#attempt === attempt) fail(failed('CONNECT_FAILED', words));
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      leave(socket);
      this.#to.ended(endOf(event));
    };
    socket.onopen = open;
    socket.onerror = (event) => {
      words = event?.message || event?.error?.message;
      setTimeout(end, CLOSE_AFTER_ERROR_MS);
    };
    socket.onmessage = ({ data }) => this.#socket === socket && this.#to.arrived(data);
    socket.onclose = end;
    // A test double may be open from the start, and fire no event.
    if (socket.readyState === 1) open();
  }

  /** Hands a batch over. */
  send(batch) {
    try {
      this.#socket?.send(batch);
    } catch {
      // One that has ended says so by its event.
    }
  }

  /** Closes the connection, and does not wait for the peer. */
  leave(code, reason) {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) leave(socket, code, reason);
  }

  /** Gives up the connection that is being made. */
  abandon() {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#attempt = undefined;
    clearTimeout(attempt.timer);
    attempt.controller.abort();
    if (attempt.socket) leave(attempt.socket);
  }

  /** Closes everything. */
  end() {
    this.abandon();
    this.leave(1000, '');
  }
}
