// Events of the page and its network, for sessions. Each is a hint: Rust decides what it means.

/** HTML §9.3.1, §6.2 and §7.4.6.1, Page Lifecycle. Those of the document pass the window first. */
const EVENTS = ['online', 'offline', 'visibilitychange', 'resume', 'pageshow'];

/** Whether the platform reports that there is no network. */
export const isOffline = () => globalThis.navigator?.onLine === false;

const isVisible = () => globalThis.document?.visibilityState === 'visible';

export class Page {
  #tell;
  #told;
  /** What Rust was told of the network. */
  wasOffline = false;
  /** Whether its listeners capture, as in a window: workerd has no capturing listeners, and its `addEventListener` throws. */
  #captures = globalThis.document !== undefined;

  /**
   * @param {(restored: boolean, offline: boolean, visible: boolean) => void} tell tells Rust
   * @param {() => void} told Rust was told by an event: a turn is to follow
   */
  constructor(tell, told) {
    this.#tell = tell;
    this.#told = told;
    for (const name of EVENTS) globalThis.addEventListener?.(name, this, this.#captures);
  }

  handleEvent({ type, persisted }) {
    // The first `pageshow` of a page is no news.
    if (type === 'pageshow' && !persisted) return;
    this.look(type === 'resume' || type === 'pageshow');
    this.#told();
  }

  /** Tells Rust how it is now. */
  look(restored = false) {
    this.wasOffline = isOffline();
    this.#tell(restored, this.wasOffline, isVisible());
  }

  /** Listens no more. */
  end() {
    for (const name of EVENTS) globalThis.removeEventListener?.(name, this, this.#captures);
  }
}
