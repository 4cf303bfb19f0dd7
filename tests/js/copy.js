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
  const trap = new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports.t;
  const guarded = (run, source = String(run)) =>
    function (...args) {
      if (copy.armed && source.includes(copy.armed)) {
        copy.armed = undefined;
        trap();
      }
      return Reflect.apply(run, this, args);
    };

  const { Instance } = WebAssembly;
  class Watched {
    constructor(module, imports) {
      const wrapped = {};
      for (const [space, functions] of Object.entries(imports)) {
        wrapped[space] = Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, guarded(run)]));
      }
      const instance = new Instance(module, wrapped);
      copy.instances.push(new Insight(instance.exports));
      return instance;
    }
  }
  const Native = globalThis.WebSocket;
  class Counted extends Native {
    constructor(...args) {
      super(...args);
      copy.natives.push(this);
    }
  }

  copies += 1;
  globalThis.WebSocket = Counted;
  let loaded;
  try {
    loaded = await import(`./websocket-channel.js?copy=${copies}`);
  } finally {
    globalThis.WebSocket = Native;
  }
  /** Every first construction finds `WebAssembly.Instance` where it always is. */
  const watching = (make) => {
    WebAssembly.Instance = Watched;
    try {
      return make();
    } finally {
      WebAssembly.Instance = Instance;
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

  constructor(exports) {
    this.#exports = exports;
  }

  /** Bytes of linear memory. */
  get memory() {
    return this.#exports.memory.buffer.byteLength;
  }

  /** JavaScript objects that Rust holds. */
  get references() {
    const table = this.#exports.__wbindgen_externrefs;
    let count = 0;
    for (let i = 0; i < table.length; i += 1) if (Object(table.get(i)) === table.get(i)) count += 1;
    return count;
  }
}
