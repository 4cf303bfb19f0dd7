// What a turn of Rust's answers: `session/answer.rs` has its layout. Everything here is a view of memory that is ours.

/** Orders of the first word. */
export const LEAVE = 1;
export const CONNECT = 2;
export const ABANDON = 4;
export const ABORT = 8;
export const AGAIN = 16;
export const UNREAD = 32;

/** Kinds of items. 0 and 1 are messages. */
export const UNDELIVERED = 2;
export const IN_DOUBT = 4;
export const NEVER_SENT = 6;
export const MISSING = 8;
export const RESUMED = 9;
export const LOST = 10;
export const ENDED = 11;
export const NO_SESSION = 12;
export const LATER = 13;
export const REFUSED = 14;
/** From here on they concern requests. */
export const REQUEST = 16;
export const RESPONSE = 18;
export const FAILED = 20;
export const CANCELLED = 22;
export const SENT = 23;
export const UNSENT = 24;
export const UNDELIVERABLE = 25;
export const UNSENDABLE = 26;

/** Words of an item: kind, length, and a number in two halves. */
export const WORDS = 4;

/** Flags of `ENDED`, above the code. */
export const OURS = 1 << 16;
export const CLEAN = 1 << 17;

/** No time. */
export const NEVER = 2 ** 32 - 1;

const HEAD = 12;

export class Answer {
  #bytes;
  #words;
  #offset;

  /** @param {Uint8Array} bytes a whole `ArrayBuffer` */
  constructor(bytes) {
    this.#bytes = bytes;
    const { buffer } = bytes;
    [
      this.orders,
      this.state,
      this.room,
      this.retained,
      this.delay,
      this.attempt,
      this.retryDelay,
      this.committed,
      this.next,
      this.maxMessage,
      this.batches,
      this.items,
    ] = new Uint32Array(buffer, 0, HEAD);
    const words = HEAD + this.batches + this.items * WORDS;
    this.#words = new Uint32Array(buffer, 0, words);
    this.#offset = words * 4;
  }

  /** The batches to send. */
  *eachBatch() {
    for (let index = 0; index < this.batches; index++) {
      const length = this.#words[HEAD + index];
      yield this.#bytes.subarray(this.#offset, (this.#offset += length));
    }
  }

  /** The items and their payloads. To be called behind `eachBatch`. */
  takeItems() {
    const words = this.#words.subarray(HEAD + this.batches);
    let length = 0;
    for (let index = 1; index < words.length; index += WORDS) length += words[index];
    return { words, payloads: this.#bytes.subarray(this.#offset, (this.#offset += length)) };
  }

  /** How to leave the connection. To be called behind `takeItems`. */
  takeLeave() {
    const [low, high, ...reason] = this.#bytes.subarray(this.#offset);
    return [low | (high << 8), String.fromCharCode(...reason)];
  }
}
