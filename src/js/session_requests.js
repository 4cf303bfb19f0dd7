// Requests of both sides. Rust gives each message its index, by which an answer refers to it.
import * as answers from './session_answer.js';
import { RequestError } from './session_errors.js';
import { CANCEL, ERROR, REQUEST, RESPONSE } from './session_sends.js';
import { TextDecoder } from './text.js';
import { encoded, itemOf } from './values.js';

/** The most requests of a side that wait for an answer, as in Rust. */
const MOST = 1000;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export class Requests {
  #sends;
  #codec;
  #validate;
  #names = 0;
  // Requests of this side that wait for an answer, by their names; and those that were sent, by their indices.
  #pending = new Map();
  #sent = new Map();
  // Requests of the peer that are not answered, by their indices: what aborts their handlers.
  #asked = new Map();
  /** Answers the peer's requests. */
  handler = null;

  /** @param {import('./session_sends.js').Sends} sends */
  constructor(sends, { codec, validate }) {
    this.#sends = sends;
    this.#codec = codec;
    this.#validate = validate;
  }

  // Requests of this side.

  async request(value, timeoutMs, signal) {
    const message = encoded(this.#codec, value);
    signal?.throwIfAborted();
    if (this.#pending.size >= MOST) throw new RequestError('TOO_MANY', { value });
    this.#names = (this.#names + 1) >>> 0;
    const request = { name: this.#names, index: undefined, value, isUnsent: false, over: new AbortController() };
    const answer = new Promise((resolve, reject) => Object.assign(request, { resolve, reject }));
    this.#pending.set(request.name, request);
    const abort = () => this.#forget(request, signal.reason);
    const late = () => this.#forget(request, new RequestError('TIMED_OUT', { value, inDoubt: request.index !== undefined }));
    const timer = timeoutMs && setTimeout(late, timeoutMs);
    signal?.addEventListener('abort', abort);
    this.#send(message, request);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #send(message, request) {
    const { name, over, value } = request;
    try {
      if (!this.#sends.trySend(message, REQUEST, name)) await this.#sends.wait(over.signal, message, REQUEST, name);
    } catch (cause) {
      if (this.#take(request)) request.reject(new RequestError('NOT_SENT', { value, cause }));
    }
  }

  /** It is not pending any more. */
  #take(request) {
    if (request.index !== undefined) this.#sent.delete(request.index);
    return this.#pending.delete(request.name);
  }

  /** Nobody waits for the answer. If it was sent, the peer is told; if it is about to be, then later. */
  #forget(request, reason) {
    if (!this.#take(request)) return;
    request.over.abort();
    if (request.index !== undefined) this.#cancel(request.index);
    request.reject(reason);
  }

  #cancel(index) {
    this.#sends.push(new Uint8Array(), CANCEL, index);
  }

  #settle(index, how) {
    const request = this.#sent.get(index);
    // An answer that nobody waits for.
    if (request && this.#take(request)) how(request);
  }

  // What Rust tells.

  /** Handles an item. Must not call the user's code. */
  hear(kind, number, payload) {
    const message = kind & 1 ? () => utf8.decode(payload) : () => payload.slice();
    switch (kind) {
      case answers.REQUEST:
      case answers.REQUEST + 1:
        return this.#ask(number, message());
      case answers.RESPONSE:
      case answers.RESPONSE + 1: {
        const response = message();
        return this.#settle(number, ({ resolve }) => resolve(this.#decoded(response)));
      }
      case answers.FAILED:
        return this.#settle(number, ({ reject }) => reject(new RequestError('FAILED', { words: utf8.decode(payload) })));
      case answers.FAILED + 1:
        return this.#settle(number, ({ reject }) => reject(new RequestError('RESPONSE_LOST', { inDoubt: true })));
      case answers.CANCELLED:
        return this.#abort(number);
      case answers.SENT: {
        const [a, b, c, d] = payload;
        const request = this.#pending.get((a | (b << 8) | (c << 16) | (d << 24)) >>> 0);
        if (!request) return this.#cancel(number);
        request.index = number;
        this.#sent.set(number, request);
        return undefined;
      }
      case answers.UNSENT: {
        const request = this.#sent.get(number);
        if (request) request.isUnsent = true;
        return undefined;
      }
      case answers.UNDELIVERABLE:
        return this.#settle(number, ({ reject, value }) => reject(new RequestError('UNDELIVERED', { value })));
      default: {
        const request = this.#pending.get(number);
        if (request && this.#take(request)) request.reject(new RequestError('UNDELIVERED', { value: request.value }));
        return undefined;
      }
    }
  }

  /** The codec is the user's, and runs later. */
  async #decoded(message) {
    await undefined;
    return (await itemOf(this.#codec, this.#validate, message)).value;
  }

  /** The session is lost or has ended. */
  lose() {
    for (const request of [...this.#pending.values()]) {
      const { index, value, isUnsent, over, reject } = request;
      this.#take(request);
      over.abort();
      reject(new RequestError('SESSION_LOST', { value, inDoubt: index !== undefined && !isUnsent }));
    }
    for (const index of [...this.#asked.keys()]) this.#abort(index);
  }

  // Requests of the peer.

  #ask(index, message) {
    if (!this.handler) return this.#refuse(index, 'requests are not answered here');
    if (this.#asked.size >= MOST) return this.#refuse(index, 'too many requests wait for an answer');
    const controller = new AbortController();
    this.#asked.set(index, controller);
    this.#answer(index, message, controller);
    return undefined;
  }

  #refuse(index, words) {
    this.#sends.push(words, ERROR, index);
  }

  #abort(index) {
    const controller = this.#asked.get(index);
    this.#asked.delete(index);
    if (controller) queueMicrotask(() => controller.abort());
  }

  async #answer(index, message, { signal }) {
    // Not within a turn.
    await undefined;
    let answer;
    let kind = RESPONSE;
    try {
      const { value } = await itemOf(this.#codec, this.#validate, message);
      answer = encoded(this.#codec, await this.handler(value, { signal }));
    } catch (error) {
      kind = ERROR;
      answer = wordsOf(error);
    }
    // Nobody waits for it any more, or in another session.
    if (this.#asked.get(index)?.signal !== signal) return;
    this.#asked.delete(index);
    try {
      if (!this.#sends.trySend(answer, kind, index)) await this.#sends.wait(undefined, answer, kind, index);
    } catch (error) {
      // With the session, nobody waits for it.
      if (error === 'SEND_REFUSED') this.#refuse(index, 'the answer is too large');
    }
  }
}

/** What the peer is told of an error. */
function wordsOf(error) {
  try {
    return `${error?.message ?? error}`;
  } catch {
    return 'the handler failed';
  }
}
