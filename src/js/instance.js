// The instance of the core that all share, made synchronously when it is first needed.
//
// Nothing of an instance can be trusted after a trap, for Rust's frames are gone without having cleaned up. Then it is given up together with
// its connections, and the next construction gets a fresh one. Each has a glue of its own: objects, timers and promises of the old one still
// call into what they came from, and are answered with nothing.
import { core as own } from 'core';
import { ChannelError, PlatformError } from './errors.js';

/** The platform's class. It is taken at import because a program may then put ours in its place. */
const Native = globalThis.WebSocket;
/** Chromium and Deno have it. */
const { WebSocketStream } = globalThis;

/** The code that instances are made of: WebAssembly, or JavaScript. */
let core = own;
let instance;

/**
 * The instance for a new connection: the classes of the glue, the platform's `WebSocket`, and `alive`, a Map in which whoever has a
 * connection puts a function that is called with an error when the instance is given up. It must not throw, nor call what others wrote.
 */
export function current() {
  instance ??= make(Native ?? globalThis.WebSocket);
  return instance;
}

/** Instances are made of another core from now on. */
export function use(other) {
  core = other;
}

function make(WebSocket) {
  if (typeof WebSocket !== 'function') {
    throw new PlatformError('NO_WEBSOCKET', 'there is no WebSocket here to stand on: browsers, Node from 22, Deno and Bun have one');
  }
  const alive = new Map();
  let trapped;

  const giveUp = (cause) => {
    trapped = new ChannelError('INTERNAL', 'an error inside of websocket-channel has ended its connections', { cause });
    if (instance === made) instance = undefined;
    // Every JavaScript object that Rust holds.
    for (const object of held()) {
      if (object instanceof WebSocket) {
        object.onopen = object.onmessage = object.onerror = object.onclose = null;
        object.close();
      } else if (WebSocketStream) {
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
  const { start, held, ...classes } = core.glue(WebSocket);
  const made = { ...classes, WebSocket, WebSocketStream, alive };
  start(instantiate);
  return made;
}

/** Ends what Rust holds of a stream: behind what was written, with what nobody reads let go, which would hold the end back. */
function letGo(object) {
  const nothing = () => {};
  if (object instanceof WritableStreamDefaultWriter) object.close().catch(nothing);
  else if (object instanceof ReadableStreamDefaultReader) object.read().then(({ done }) => done || letGo(object), nothing);
  // In the making: nothing was written yet. A stream is closed behind its last write (`src/transport/web_stream`).
  else if (object instanceof WebSocketStream) Promise.race([object.opened, null]).then((opened) => opened ?? object.close(), nothing);
}
