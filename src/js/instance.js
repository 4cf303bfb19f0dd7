// The instance of the core that all share, made synchronously when it is first needed.
//
// Nothing of an instance can be trusted after a trap, for Rust's frames are gone without having cleaned up. Then it is given up together with
// its connections, and the next construction gets a fresh one. Each has a glue of its own: objects, timers and promises of the old one still
// call into what they came from, and are answered with nothing.
import { core as own } from 'core';
import { ChannelError } from './errors.js';
import { platformOf } from './platform.js';
import { TextDecoder, TextEncoder } from './text.js';
import { placeOf } from './place.js';

/** The code that instances are made of: WebAssembly, or JavaScript. */
let core = own;
let instance;

/**
 * The instance for a new connection: the classes of the glue, the platform's `WebSocket` and `WebSocketStream` of this moment, and `alive`, a Map in
 * which whoever has a connection puts a function that is called with an error when the instance is given up. It must not throw, nor call what
 * others wrote.
 * @param {Function} [given] the option `WebSocket`
 */
export function current(given) {
  const WebSocket = platformOf(given);
  instance ??= make();
  // Chromium and Deno have streams.
  return { ...instance, WebSocket, WebSocketStream: globalThis.WebSocketStream };
}

/** Instances are made of another core from now on. */
export function use(other) {
  core = other;
}

function make() {
  const alive = new Map();
  let trapped;

  const giveUp = (cause) => {
    const where = DEVELOPMENT ? `: ${placeOf(cause)}` : '';
    trapped = new ChannelError('INTERNAL', `an error inside websocket-channel closed all its connections${where}`, { cause });
    if (instance === made) instance = undefined;
    // Every JavaScript object that Rust holds.
    for (const object of held()) {
      if (isSocket(object)) {
        object.onopen = object.onmessage = object.onclose = null;
        // What is given up may still fire `error`, and Node's `ws` throws when nobody listens.
        object.onerror = () => {};
        object.close();
      } else if (globalThis.WebSocketStream) {
        letGo(object);
      }
    }
    for (const end of alive.values()) end(trapped);
    alive.clear();
  };

  // What a function of Rust's exports throws, Rust has not thrown: it returns errors. It is a trap or an overflow of the stack.
  const guard =
    (run) =>
    (...args) => {
      if (trapped) return [];
      try {
        return run(...args);
      } catch (cause) {
        if (!trapped) giveUp(cause);
        throw trapped;
      }
    };
  const instantiate = (imports) => {
    const entries = Object.entries(core.instantiate(imports));
    return Object.fromEntries(entries.map(([name, each]) => [name, typeof each === 'function' ? guard(each) : each]));
  };
  const { start, held, ...classes } = core.glue(TextDecoder, TextEncoder);
  const made = { ...classes, alive };
  start(instantiate);
  return made;
}

/** A socket of whatever class. Rust has set its handlers. */
const isSocket = (object) => typeof object === 'object' && object !== null && 'onmessage' in object && 'readyState' in object;

/** Ends what Rust holds of a stream: behind what was written, with what nobody reads let go, which would hold the end back. */
function letGo(object) {
  const nothing = () => {};
  if (object instanceof WritableStreamDefaultWriter) object.close().catch(nothing);
  else if (object instanceof ReadableStreamDefaultReader) object.read().then(({ done }) => done || letGo(object), nothing);
  // In the making: nothing was written yet. A stream is closed behind its last write (`src/transport/web_stream`).
  else if (object instanceof WebSocketStream) Promise.race([object.opened, null]).then((opened) => opened ?? object.close(), nothing);
}
