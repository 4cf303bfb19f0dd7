// The status of a session's channel.

/** In the order of Rust's numbers. */
const NAMES = ['connecting', 'open', 'reconnecting', 'closing', 'closed'];
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 3;
export const CLOSED = 4;

/** The only way to change a status, for the life that it shows. */
export let show;

/** Live values, with a `change` event for each change of `state` and each new attempt. */
export class SessionStatus extends EventTarget {
  #state = CONNECTING;
  #reason = null;
  #attempt = 1;
  #nextRetryAt = null;
  #resumed = false;
  #retained = 0;
  #inbox;

  static #show = (show = (status, { state, attempt, nextRetryAt = null, resumed, retained = 0, reason }) => {
    const news = state !== status.#state || attempt !== status.#attempt;
    status.#state = state;
    status.#attempt = attempt;
    status.#nextRetryAt = nextRetryAt;
    status.#retained = retained;
    status.#resumed ||= resumed === true;
    status.#reason ??= reason ?? null;
    // Not within a call of the user's, nor in the middle of a transition.
    if (news) queueMicrotask(() => status.dispatchEvent(new Event('change')));
  });

  /** @param {import('./session_inbox.js').Inbox} inbox has what was not read */
  constructor(inbox) {
    super();
    this.#inbox = inbox;
  }

  get state() {
    return NAMES[this.#state];
  }

  get reason() {
    return this.#reason;
  }

  get queuedBytes() {
    return this.#inbox.cost;
  }

  get retainedBytes() {
    return this.#retained;
  }

  get attempt() {
    return this.#attempt;
  }

  get nextRetryAt() {
    return this.#nextRetryAt;
  }

  get resumed() {
    return this.#resumed;
  }
}
