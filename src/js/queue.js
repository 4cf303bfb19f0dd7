// A queue with the same cost at its ends and in its middle, at any length. An array's `shift`, `splice` and `filter` move all other elements.

export class Queue {
  /** The number of objects. */
  size = 0;
  #first;
  #last;

  /** Adds an object at the end. It can be in one queue at a time; its properties `before`, `after` and `queue` belong to the queue. */
  push(item) {
    this.#link(item, this.#last, undefined);
  }

  /** Adds an object at the front. */
  unshift(item) {
    this.#link(item, undefined, this.#first);
  }

  #link(item, before, after) {
    item.queue = this;
    item.before = before;
    item.after = after;
    if (before) before.after = item;
    else this.#first = item;
    if (after) after.before = item;
    else this.#last = item;
    this.size += 1;
  }

  /** The oldest. */
  get first() {
    return this.#first;
  }

  /** Removes and returns the oldest. */
  shift() {
    const item = this.#first;
    if (item) this.delete(item);
    return item;
  }

  /** Removes this object; false if it is in no queue. */
  delete(item) {
    if (item.queue !== this) return false;
    const { before, after } = item;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    item.queue = item.before = item.after = undefined;
    this.size -= 1;
    return true;
  }
}
