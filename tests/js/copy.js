// A copy of the package of its own, whose instances can be looked into and made to trap: what is published, loaded once more.

/** `(module (func (export "t") unreachable))` */
const TRAP = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x74, 0x00, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b],
);

let copies = 0;

/**
 * Loads the package anew.
 * @returns {Promise<{WebSocket, Channel, instances: Copy[], natives: WebSocket[], trapAt(code: string): void}>} the package; what it has
 * made of wasm and of the browser's class; and a way to make the next call of an import whose source has `code` in it a trap: a real one, with
 * Rust's frames below it
 */
export async function copyOfPackage() {
  const copy = { instances: [], natives: [], armed: undefined };
  let trap;
  const guarded = (run, source = String(run)) =>
    function (...args) {
      if (copy.armed && source.includes(copy.armed)) {
        copy.armed = undefined;
        trap();
      }
      return Reflect.apply(run, this, args);
    };

  const wrap = (imports) => {
    const wrapped = {};
    for (const [space, functions] of Object.entries(imports)) {
      wrapped[space] = Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, guarded(run)]));
    }
    return wrapped;
  };
  const Native = globalThis.WebSocket;
  class Counted extends Native {
    constructor(...args) {
      super(...args);
      copy.natives.push(this);
    }
  }

  /** Every first construction finds `WebAssembly.Instance` where it always is. */
  const watchWasm = () => {
    const { Instance } = WebAssembly;
    trap = new Instance(new WebAssembly.Module(TRAP)).exports.t;
    copy.Trap = WebAssembly.RuntimeError;
    class Watched {
      constructor(module, imports) {
        const instance = new Instance(module, wrap(imports));
        copy.instances.push(new Insight(instance.exports, () => valuesOf(instance.exports.__wbindgen_externrefs)));
        return instance;
      }
    }
    return (make) => {
      WebAssembly.Instance = Watched;
      try {
        return make();
      } finally {
        WebAssembly.Instance = Instance;
      }
    };
  };
  /** The core that is JavaScript is looked into where the entry exports it. What it has in the place of a trap is an `Error`. */
  const watchCore = (core) => {
    const { glue, instantiate } = core;
    let held;
    trap = () => {
      throw new Error('abort');
    };
    copy.Trap = Error;
    core.glue = (...args) => {
      const made = glue(...args);
      held = made.held;
      return made;
    };
    core.instantiate = (imports) => {
      const own = held;
      const exports = instantiate(wrap(imports));
      copy.instances.push(new Insight(exports, () => own()));
      return exports;
    };
    return (make) => make();
  };

  copies += 1;
  const loaded = await import(`./websocket-channel.js?copy=${copies}`);
  const watchingCore = loaded.core ? watchCore(loaded.core) : watchWasm();
  /** Every construction looks up `WebSocket`. */
  const watching = (make) => {
    globalThis.WebSocket = Counted;
    try {
      return watchingCore(make);
    } finally {
      globalThis.WebSocket = Native;
    }
  };
  return Object.assign(copy, loaded, {
    trapAt: (code) => (copy.armed = code),
    socket: (...args) => watching(() => new loaded.WebSocket(...args)),
    channel: (...args) => watching(() => new loaded.Channel(...args)),
  });
}

/** What can be seen of an instance from outside. */
class Insight {
  #exports;
  #held;

  /** @param {() => unknown[]} held gives what Rust holds */
  constructor(exports, held) {
    this.#exports = exports;
    this.#held = held;
  }

  /** Bytes of linear memory. */
  get memory() {
    return this.#exports.memory.buffer.byteLength;
  }

  /** JavaScript objects that Rust holds. */
  get references() {
    return this.#held().filter((value) => Object(value) === value).length;
  }
}

/** The values in a table of wasm's. */
const valuesOf = (table) => Array.from({ length: table.length }, (_, i) => table.get(i));
