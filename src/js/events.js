// The events of the class, and what makes a class look like an interface of Web IDL.
import { named } from './named.js';

// Node 22 has no CloseEvent. This one has the same properties.
let OwnCloseEvent;
export const closeEvent = (init) => {
  const Class = globalThis.CloseEvent ?? (OwnCloseEvent ??= ownCloseEvent());
  return new Class('close', init);
};
const ownCloseEvent = () => {
  class CloseEvent extends Event {
    #code;
    #reason;
    #wasClean;
    constructor(_type) {
      super(...arguments);
      const { code = 0, reason = '', wasClean = false } = arguments[1] ?? {};
      // Web IDL: an unsigned short, a USVString, a boolean.
      this.#code = code & 0xffff;
      this.#reason = `${reason}`.toWellFormed();
      this.#wasClean = !!wasClean;
    }
    get wasClean() {
      return this.#wasClean;
    }
    get code() {
      return this.#code;
    }
    get reason() {
      return this.#reason;
    }
  }
  return asInterface({ CloseEvent });
};

/** Web IDL: the class's name, its string tag, and enumerable members. */
export function asInterface(classes) {
  const [[name, Class]] = Object.entries(named(classes));
  const { prototype } = Class;
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (key !== 'constructor') Object.defineProperty(prototype, key, { ...property, enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  return Class;
}

/** Browsers hide the cause of a failure. Node, Deno and Bun report it, in an event with more properties. */
export const errorEvent = ({ message, error } = {}) =>
  message && globalThis.ErrorEvent ? new ErrorEvent('error', { message, error }) : new Event('error');

let OwnReconnectingEvent;
/** Between two connections: the number of the next attempt, the delay before it, and why. */
export const reconnectingEvent = (init) => new (OwnReconnectingEvent ??= ownReconnectingEvent())('reconnecting', init);
const ownReconnectingEvent = () => {
  class ReconnectingEvent extends Event {
    #init;
    constructor(type, init) {
      super(type);
      this.#init = init;
    }
    get attempt() {
      return this.#init.attempt;
    }
    get delayMs() {
      return this.#init.delayMs;
    }
    get reason() {
      return this.#init.reason;
    }
  }
  return asInterface({ ReconnectingEvent });
};
