// The core as WebAssembly.
import glue from 'glue';
import { source } from 'glue/source';
import { isModule } from './brands.js';
import { PlatformError } from './errors.js';

let module;

/** Makes the exports of a fresh instance, synchronously. */
function instantiate(imports) {
  // Outside of `try`: without wasm the slim entry throws an error of its own.
  const from = module ?? source();
  try {
    module = isModule(from) ? from : new WebAssembly.Module(from);
    return new WebAssembly.Instance(module, imports).exports;
  } catch (cause) {
    throw new PlatformError('WASM_REFUSED', `${reasonOf(cause)}, or import websocket-channel/no-wasm (${cause?.message})`, { cause });
  }
}

function reasonOf(cause) {
  if (!globalThis.WebAssembly) return 'there is no WebAssembly here: use an engine that has it';
  // Chromium before 114, on a page's main thread.
  if (cause instanceof RangeError)
    return 'this browser compiles at most 4 KB of WebAssembly synchronously: give websocket-channel/slim a compiled module';
  return "a policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src of the Content Security Policy, or, where nothing is compiled at run time, give websocket-channel/slim a compiled module";
}

export const core = { glue, instantiate };
