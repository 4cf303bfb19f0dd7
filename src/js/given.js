// The wasm of the slim entry: the argument of `init`. In that build it replaces `inlined.js`.
import { isBuffer, isModule, isURL } from './brands.js';
import { PlatformError } from './errors.js';

let given;

/** The source of an instance. */
export function source() {
  if (given) return given;
  throw new PlatformError('NOT_INITIALIZED', 'websocket-channel/slim has no wasm yet: call await init(…) first');
}

/**
 * Sets the wasm: its bytes, a compiled module, or a URL or response to fetch. Bytes and modules are ready at once. A call after the first instance
 * was made has no effect.
 */
export async function init(from) {
  if (isModule(from) || isBuffer(from) || ArrayBuffer.isView(from)) {
    if (!isModule(from) && globalThis.WebAssembly?.validate(from) === false)
      throw new TypeError('init: these bytes are not a WebAssembly module');
    given = from;
    return;
  }
  const response = await (typeof from === 'string' || isURL(from) ? fetch(from) : from);
  if (!response?.ok || typeof response.arrayBuffer !== 'function') {
    throw new TypeError(
      `init: expected bytes, a WebAssembly.Module, a URL or a Response with a body, got ${response?.status ?? String(response)}`,
    );
  }
  // Not `compileStreaming`: it requires a content type that many servers do not send.
  given = await WebAssembly.compile(await response.arrayBuffer());
}
