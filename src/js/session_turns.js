// When a turn of the session is made. The first message of a turn of the event loop is sent in a microtask; what follows in the same turn waits for its
// end. So an idle session sends at once, and the messages of one turn share a call and a batch.

/** Calls `then` after every microtask of this turn of the event loop. */
const after = globalThis.setImmediate
  ? (then) => setImmediate(then)
  : (then) => {
      // Browsers throttle timers of hidden pages, but not this.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        then();
      };
      port2.postMessage(0);
    };

export class Turns {
  #run;
  // A microtask is awaited.
  #soon = false;
  // The end of this turn of the event loop is awaited.
  #later = false;
  // There is something to do at that end.
  #wanted = false;
  // Nothing was sent in this turn of the event loop.
  #fresh = true;

  /** @param {() => void} run must not throw */
  constructor(run) {
    this.#run = run;
  }

  /** An event of the platform's begins a turn of the event loop. */
  begin() {
    this.#fresh = true;
  }

  /** There is something to send. */
  soon() {
    if (this.#soon) return;
    if (!this.#fresh) return this.later();
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = this.#fresh = false;
      this.#run();
      this.#await();
    });
  }

  /** There is something to do that can wait for the end of this turn. */
  later() {
    this.#wanted = true;
    this.#await();
  }

  #await() {
    if (this.#later) return;
    this.#later = true;
    after(() => {
      this.#later = false;
      this.#fresh = true;
      if (!this.#wanted) return;
      this.#wanted = this.#fresh = false;
      this.#run();
      this.#await();
    });
  }
}
