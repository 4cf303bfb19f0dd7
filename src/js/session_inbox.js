// What arrived and was not read: messages, and marks between them. Reads wait here.
import { WORDS } from './session_answer.js';
import { Queue } from './queue.js';
import { TextDecoder } from './text.js';

/** Rust has checked that text is UTF-8. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** So many items are decoded at once. */
const MANY = 4;

/** Items below this are messages: 0 of bytes, 1 of text. */
const MARKS = 2;

/** The items of one answer, and the payloads of the messages. */
class Chunk {
  #words;
  #payloads;
  #marks;
  #at = 0;
  #offset = 0;
  // All payloads as one string, if they are ASCII.
  #text;

  constructor({ words, payloads }, marks, splits) {
    this.#words = words;
    this.#payloads = payloads;
    this.#marks = marks;
    if (!splits || words.length < MANY * WORDS) return;
    const text = utf8.decode(payloads);
    // A character of several bytes makes it shorter.
    if (text.length === payloads.length) this.#text = text;
  }

  get isEmpty() {
    return this.#at === this.#words.length;
  }

  /** Whether the next item is a mark, and the length of its payload. */
  get isMark() {
    return this.#words[this.#at] >= MARKS;
  }

  get length() {
    return this.#words[this.#at + 1];
  }

  /** Takes the next item: a message or a mark. */
  take() {
    const kind = this.#words[this.#at];
    const from = this.#offset;
    const to = from + this.#words[this.#at + 1];
    this.#offset = to;
    this.#at += WORDS;
    if (kind >= MARKS) return this.#marks.shift();
    if (kind === 0) return this.#payloads.slice(from, to);
    return this.#text?.slice(from, to) ?? utf8.decode(this.#payloads.subarray(from, to));
  }
}

export class Inbox {
  #chunks = [];
  #first = 0;
  #splits;
  // Pending reads.
  #reads = new Queue();
  #news;
  /** How many messages were read, modulo 2^32. */
  taken = 0;
  /** The cost of those that were not. */
  cost = 0;
  /** How many messages arrived, and how many were not read. */
  received = 0;
  size = 0;
  /** Nothing more arrives. Reads fail with `failure.error` if there is one. */
  isOver = false;
  failure;

  /** @param {boolean} splits what the codec makes of text does not share its memory, so texts are cut out of a longer one */
  constructor(splits) {
    this.#splits = splits;
  }

  /** Calls `news` whenever something was read. */
  set onread(news) {
    this.#news = news;
  }

  /** Adds items. `mark` is called for each that is no message, in their order, with its kind, its number and its payload, and returns what to read there. */
  add(items, mark) {
    const { words, payloads } = items;
    const { isOver } = this;
    const marks = [];
    let offset = 0;
    for (let index = 0; index < words.length; index += WORDS) {
      const length = words[index + 1];
      if (words[index] < MARKS) {
        this.cost += length + 32;
        this.size += 1;
        this.received += 1;
      } else {
        marks.push(mark(words[index], words[index + 2] + words[index + 3] * 2 ** 32, payloads.subarray(offset, offset + length)));
      }
      offset += length;
    }
    // A mark may be the end.
    if (!isOver) this.#chunks.push(new Chunk(items, marks, this.#splits));
  }

  get isEmpty() {
    return this.#first === this.#chunks.length;
  }

  /** Whether the next item is a mark. */
  get isMark() {
    return this.#chunks[this.#first]?.isMark === true;
  }

  /** Takes the next item; there is one. */
  take() {
    const chunk = this.#chunks[this.#first];
    const { isMark, length } = chunk;
    const item = chunk.take();
    if (chunk.isEmpty) {
      this.#chunks[this.#first++] = undefined;
      if (this.isEmpty) this.#chunks.length = this.#first = 0;
    }
    if (isMark) return item;
    this.taken = (this.taken + 1) >>> 0;
    this.cost -= length + 32;
    this.size -= 1;
    this.#news();
    return item;
  }

  /** Calls `look` when there is something to take, or nothing more arrives: now or later, behind the reads before it. It must not throw. */
  read(look) {
    if (this.#reads.size === 0 && (this.isOver || !this.isEmpty)) look();
    else this.#reads.push({ look, queue: undefined, before: undefined, after: undefined });
  }

  /** `read` again, in front of the others: there was nothing but marks. */
  again(look) {
    if (this.isOver || !this.isEmpty) look();
    else this.#reads.unshift({ look, queue: undefined, before: undefined, after: undefined });
  }

  /** Serves pending reads. */
  wake() {
    while (this.#reads.size > 0 && (this.isOver || !this.isEmpty)) this.#reads.shift().look();
  }

  /** Nothing more arrives. */
  end(failure) {
    if (this.isOver) return;
    this.isOver = true;
    this.failure = failure;
  }

  /** Drops what was not read. */
  clear() {
    this.#chunks.length = this.#first = 0;
    this.cost = this.size = 0;
  }
}
