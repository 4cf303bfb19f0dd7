// Events of the page and its network, for sessions. Each is a hint: Rust decides what it means.
import { unwatch, watch } from './suspension.js';

/** Whether the platform reports that there is no network. */
export const isOffline = () => globalThis.navigator?.onLine === false;

const isVisible = () => globalThis.document?.visibilityState === 'visible';

export class Page {
  #tell;
  #told;
  /** What Rust was told of the network. */
  wasOffline = false;

  /**
   * @param {(restored: boolean, offline: boolean, visible: boolean) => void} tell tells Rust
   * @param {() => void} told Rust was told by an event: a turn is to follow
   */
  constructor(tell, told) {
    this.#tell = tell;
    this.#told = told;
    watch(this);
  }

  restored() {
    this.#hear(true);
  }

  resumed() {
    this.#hear(true);
  }

  changed() {
    this.#hear(false);
  }

  #hear(restored) {
    this.look(restored);
    this.#told();
  }

  /** Tells Rust how it is now. */
  look(restored = false) {
    this.wasOffline = isOffline();
    this.#tell(restored, this.wasOffline, isVisible());
  }

  /** Listens no more. */
  end() {
    unwatch(this);
  }
}
