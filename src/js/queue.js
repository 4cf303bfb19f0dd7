// A queue whose ends and middle cost the same however long it is: an array's `shift`, `splice` and `filter` move all that is left.

export class Queue {
  /** How many there are. */
  size = 0;
  #first;
  #last;

  /** Adds an object behind all others. It is in one queue at a time: `before`, `after` and `queue` are ours. */
  push(item) {
    this.#link(item, this.#last, undefined);
  }

  /** Adds an object before all others. */
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

  /** Takes the oldest out. */
  shift() {
    const item = this.#first;
    if (item) this.delete(item);
    return item;
  }

  /** Takes this one out; false if it is in no queue any more. */
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
