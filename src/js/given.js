// The wasm of the slim entry: what `init` was given. It stands in for `inlined.js` in that build.
import { isBuffer, isModule, isURL } from './brands.js';
import { PlatformError } from './errors.js';

let given;

/** What the instance is made of. */
export function source() {
  if (given) return given;
  throw new PlatformError('NOT_INITIALIZED', 'websocket-channel/slim has no wasm yet: call await init(…) first');
}

/**
 * Takes the wasm: its bytes, a compiled module, or where to fetch it. Bytes and modules are there at once; a later call changes nothing once there
 * is an instance.
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
  // Not compileStreaming: it wants a content type that many servers do not send.
  given = await WebAssembly.compile(await response.arrayBuffer());
}
