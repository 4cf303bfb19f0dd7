// Messages that the next turn passes to Rust: their bytes in one array, and what they are.
import { TextEncoder } from './text.js';

const utf8 = new TextEncoder();

/** The size of the array. One that had to be larger is used once. */
const SIZE = 64 * 1024;

export class Outbox {
  #bytes = new Uint8Array(SIZE);
  #heads = new Uint32Array(256);
  #count = 0;
  /** How many bytes. */
  length = 0;

  /** Adds a message of a kind, with a number. Returns its length in bytes, or -1 if it is longer than `most`. */
  add(message, most, kind, number) {
    const isText = typeof message === 'string';
    const needed = this.length + (isText ? message.length * 3 : message.byteLength);
    if (needed > this.#bytes.length) this.#grow(needed);
    let length;
    if (isText) {
      length = utf8.encodeInto(message, this.#bytes.subarray(this.length)).written;
    } else {
      length = message.byteLength;
      this.#bytes.set(message, this.length);
    }
    if (length > most) return -1;
    if (this.#count === this.#heads.length) {
      const heads = new Uint32Array(this.#count * 2);
      heads.set(this.#heads);
      this.#heads = heads;
    }
    this.#heads[this.#count++] = isText ? kind | 1 : kind;
    this.#heads[this.#count++] = length;
    this.#heads[this.#count++] = number;
    this.#heads[this.#count++] = number / 2 ** 32;
    this.length += length;
    return length;
  }

  #grow(needed) {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.length));
    this.#bytes = bytes;
  }

  get isEmpty() {
    return this.#count === 0;
  }

  get heads() {
    return this.#heads.subarray(0, this.#count);
  }

  get bytes() {
    return this.#bytes.subarray(0, this.length);
  }

  /** They were passed. */
  clear() {
    this.#count = this.length = 0;
    if (this.#bytes.length > SIZE * 2) this.#bytes = new Uint8Array(SIZE);
    if (this.#heads.length > SIZE) this.#heads = new Uint32Array(256);
  }
}
