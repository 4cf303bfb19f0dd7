// The instance of the core. All connections share it. It is made synchronously, when it is first needed.
//
// After a trap nothing in an instance can be trusted, because Rust's frames were not cleaned up. So the instance is given up, together with its
// connections, and the next construction makes a new one. Each instance has its own glue: objects, timers and promises of the old one still call into
// it, and do nothing.
import { core as own } from 'core';
import { ChannelError } from './errors.js';
import { platformOf } from './platform.js';
import { TextDecoder, TextEncoder } from './text.js';
import { placeOf } from './place.js';

/** The code that instances are made of: WebAssembly, or JavaScript. */
let core = own;
let instance;

/**
 * The instance for a new connection: the classes of the glue, the platform's current `WebSocket` and `WebSocketStream`, and `alive`. That is a Map in
 * which each connection puts a function. It is called with an error when the instance is given up. It must not throw, nor call the user's code.
 * @param {Function} [given] the option `WebSocket`
 */
export function current(given) {
  const WebSocket = platformOf(given);
  instance ??= make();
  // Chromium and Deno have streams.
  return { ...instance, WebSocket, WebSocketStream: globalThis.WebSocketStream };
}

/** Uses another core for new instances. */
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
        // An abandoned socket may still fire `error`, and Node's `ws` throws if nothing listens.
        object.onerror = () => {};
        object.close();
      } else if (globalThis.WebSocketStream) {
        letGo(object);
      }
    }
    for (const end of alive.values()) end(trapped);
    alive.clear();
  };

  // Rust returns its errors. So if one of its exports throws, that is a trap or a stack overflow.
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

/** Closes a socket of any class. Rust had set its handlers. */
const isSocket = (object) => typeof object === 'object' && object !== null && 'onmessage' in object && 'readyState' in object;

/** Closes a stream that Rust held, after what was written. Unread messages are cancelled, because they would delay the end. */
function letGo(object) {
  const nothing = () => {};
  if (object instanceof WritableStreamDefaultWriter) object.close().catch(nothing);
  else if (object instanceof ReadableStreamDefaultReader) object.read().then(({ done }) => done || letGo(object), nothing);
  // Still connecting: nothing was written. A stream closes after its last write (`src/transport/web_stream`).
  else if (object instanceof WebSocketStream) Promise.race([object.opened, null]).then((opened) => opened ?? object.close(), nothing);
}
