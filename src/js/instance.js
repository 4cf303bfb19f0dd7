// The wasm instance that all share, made synchronously when it is first needed. The bytes travel inside the script: no second file to serve.
//
// Nothing of an instance can be trusted after a trap, for Rust's frames are gone without having cleaned up. Then it is given up together with
// its connections, and the next construction gets a fresh one. Each has a glue of its own: objects, timers and promises of the old one still
// call into what they came from, and are answered with nothing.
import glue from 'glue';
import wasm from 'glue/wasm';
import { ChannelError } from './errors.js';

/** The platform's class. It is taken at import because a program may then put ours in its place. */
const Native = globalThis.WebSocket;

let module;
let instance;

/**
 * The instance for a new connection: the classes of the glue, the platform's `WebSocket`, and `alive`, a Map in which whoever has a
 * connection puts a function that is called with an error when the instance is given up. It must not throw, nor call what others wrote.
 */
export function current() {
  instance ??= make(Native ?? globalThis.WebSocket);
  return instance;
}

/** A promise of an open channel. */
export function openChannel(url, protocols, connectTimeoutMs) {
  return current().ChannelHandle.connect(url, protocols, connectTimeoutMs);
}

function make(WebSocket) {
  if (!WebSocket) throw new ReferenceError('WebSocket is not defined: this platform has none');
  module ??= new WebAssembly.Module(decode(wasm));
  const alive = new Map();
  let trapped;

  const giveUp = (cause, { __wbindgen_externrefs: table }) => {
    trapped = new ChannelError('INTERNAL', 'an error inside of websocket-channel has ended its connections', { cause });
    if (instance === made) instance = undefined;
    // Every JavaScript object that Rust holds.
    for (let i = 0; i < table.length; i++) {
      const socket = table.get(i);
      if (!(socket instanceof WebSocket)) continue;
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
      socket.close();
    }
    for (const end of alive.values()) end(trapped);
    alive.clear();
  };

  // What a function of Rust's exports throws, Rust has not thrown: it returns errors. It is a trap or an overflow of the stack.
  const guard =
    (run, exports) =>
    (...args) => {
      if (trapped) return [];
      try {
        return run(...args);
      } catch (cause) {
        if (!trapped) giveUp(cause, exports);
        throw trapped;
      }
    };
  class Instance {
    constructor(module, imports) {
      const { exports } = new WebAssembly.Instance(module, imports);
      const entries = Object.entries(exports);
      this.exports = Object.fromEntries(entries.map(([name, each]) => [name, typeof each === 'function' ? guard(each, exports) : each]));
    }
  }
  const { initSync, ...classes } = glue({ Module: WebAssembly.Module, Instance }, WebSocket);
  const made = { ...classes, WebSocket, alive };
  initSync({ module });
  return made;
}

/** The bytes of the build's string: `inlineWasm` in `tests/run/build.mjs` says why it is one. */
function decode(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i) ^ 66;
  return bytes;
}
