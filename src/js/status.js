// The status of a channel, for user interfaces.

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

const NAMES = ['connecting', 'open', 'closing', 'closed'];

/** The only way to change a status, for the life that it shows. */
export let move;

/**
 * Live values, with a `change` event for each change of `state`. Fields for reconnecting have constant values in a channel that does not reconnect.
 */
export class ChannelStatus extends EventTarget {
  #state = CONNECTING;
  #reason = null;
  // Weak: holding a status does not keep the connection.
  #handle;
  #tally;
  #receiveBackpressure = false;

  // Set within the class, but not in a `static` block, which React Native does not compile.
  static #move = (move = (status, state, reason = null, handle, holdsBack) => {
    if (handle) status.#handle = new WeakRef(handle);
    if (state === OPEN) status.#receiveBackpressure = holdsBack;
    status.#state = state;
    status.#reason = reason;
    // Not within a call of the user's, nor in the middle of a transition.
    queueMicrotask(() => status.dispatchEvent(new Event('change')));
  });

  /** @param {{ dropped: number }} tally counts what the overflow policy drops */
  constructor(tally) {
    super();
    this.#tally = tally;
  }

  get state() {
    return NAMES[this.#state];
  }

  get reason() {
    return this.#reason;
  }

  // After a trap the instance returns undefined: 0.
  get queuedBytes() {
    return Number(this.#handle?.deref()?.queuedBytes ?? 0);
  }

  get droppedMessages() {
    return this.#tally.dropped;
  }

  get receiveBackpressure() {
    return this.#receiveBackpressure;
  }

  get attempt() {
    return 1;
  }

  get nextRetryAt() {
    return null;
  }

  get resumed() {
    return false;
  }

  get roundTripMs() {
    return null;
  }
}
