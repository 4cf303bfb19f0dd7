// Messages to send: those that the next turn passes to Rust, those that wait for room, and calls of `flush`. Rust says how much room there is.
import { NOT_OPEN } from './errors.js';
import { Outbox } from './session_outbox.js';
import { Queue } from './queue.js';
import { listen } from './queues.js';

/** What a message is, as in Rust. */
export const [VALUE, REQUEST, RESPONSE, ERROR, CANCEL] = [0, 2, 4, 6, 8];

/** A batch of this size is sent without waiting for more. */
const FULL_BATCH = 32 * 1024;

/** Whether an index is below another one, modulo 2^32. */
const isBelow = (index, other) => ((index - other) | 0) < 0;

export class Sends {
  outbox = new Outbox();
  #turns;
  #isOpen = false;
  #room = 0;
  #most = Infinity;
  // Messages, and calls of `flush`, which wait for the messages before them.
  #waiting = new Queue();
  // Calls of `flush` that the next turn passes on, and those that wait for the peer.
  #asking = new Queue();
  #flushes = new Queue();
  #stopped;
  #ask;
  /** How many were accepted. */
  sent = 0;

  /**
   * @param {{ soon(): void, now(): void }} turns
   * @param {() => void} ask a turn is to pass `flush` on
   */
  constructor(turns, ask) {
    this.#turns = turns;
    this.#ask = ask;
  }

  /** What a turn answered. */
  update({ room, maxMessage, committed }, isOpen) {
    this.#isOpen = isOpen;
    this.#room = room;
    this.#most = maxMessage;
    while (this.#flushes.size > 0) {
      const flush = this.#flushes.shift();
      if (isBelow(committed, flush.upto)) {
        this.#flushes.unshift(flush);
        break;
      }
      flush.resolve();
    }
    this.#accept();
  }

  /** A turn passed `flush` on: everything before this index is to be committed. */
  asked(upto) {
    while (this.#asking.size > 0) {
      const flush = this.#asking.shift();
      flush.upto = upto;
      this.#flushes.push(flush);
    }
  }

  /** Accepts a message if it need not wait, and returns whether it did. */
  trySend(message, kind = VALUE, number = 0) {
    if (this.#stopped) throw this.#stopped.error;
    if (!this.#isOpen || this.#waiting.size > 0 || this.#room <= 0) return false;
    this.#add(message, kind, number);
    return true;
  }

  /** Sends a message that does not wait. */
  push(message, kind, number) {
    if (!this.#stopped) this.#add(message, kind, number);
  }

  #add(message, kind, number) {
    const length = this.outbox.add(message, this.#most, kind, number);
    if (length < 0) throw 'SEND_REFUSED';
    this.#room -= length + 32;
    if (kind === VALUE) this.sent += 1;
    if (this.outbox.length >= FULL_BATCH) this.#turns.now();
    else this.#turns.soon();
  }

  #accept() {
    while (this.#waiting.size > 0 && this.#isOpen) {
      const { message } = this.#waiting.first;
      if (message !== undefined && this.#room <= 0) return;
      const waiting = this.#waiting.shift();
      if (message === undefined) {
        this.#asking.push(waiting);
        this.#ask();
        continue;
      }
      try {
        this.#add(message, waiting.kind, waiting.number);
        waiting.resolve();
      } catch (error) {
        waiting.reject(error);
      }
    }
  }

  /** Queues a message, which cannot change while it waits; without one it is a `flush`. Returns a promise. */
  wait(signal, message, kind = VALUE, number = 0) {
    const kept = typeof message === 'object' ? new Uint8Array(message) : message;
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw this.#stopped.error;
      const waiting = { message: kept, kind, number, resolve, reject, upto: 0, queue: undefined, before: undefined, after: undefined };
      if (signal) listen(signal, waiting);
      this.#waiting.push(waiting);
      this.#accept();
    });
  }

  /** The session is lost and another one begins: nothing tells whether what was flushed arrived, and nobody waits for responses. */
  lose(error) {
    for (const queue of [this.#asking, this.#flushes]) while (queue.size > 0) queue.shift().reject(error);
    for (let left = this.#waiting.size; left > 0; left -= 1) {
      const waiting = this.#waiting.shift();
      if (waiting.kind < RESPONSE) this.#waiting.push(waiting);
      else waiting.reject(error);
    }
  }

  /** Nothing more can be sent. The first reason counts. */
  stop(error = NOT_OPEN) {
    this.#stopped ??= { error };
    this.lose(error);
    while (this.#waiting.size > 0) this.#waiting.shift().reject(error);
  }
}
