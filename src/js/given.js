// The wasm of the slim entry: what `init` was given. It stands in for `inlined.js` in that build.
import { PlatformError } from './errors.js';

let given;

/** What the instance is made of. */
export function source() {
  if (given) return given;
  throw new PlatformError('NOT_INITIALIZED', 'websocket-channel/slim has no wasm yet: await init(…) first');
}

/**
 * Takes the wasm: its bytes, a compiled module, or where to fetch it. Bytes and modules are there at once; a later call changes nothing once there
 * is an instance.
 */
export async function init(from) {
  if (from instanceof WebAssembly.Module || from instanceof ArrayBuffer || ArrayBuffer.isView(from)) {
    given = from;
    return;
  }
  const response = await (typeof from === 'string' || from instanceof URL ? fetch(from) : from);
  if (!response?.ok) throw new TypeError(`init takes bytes, a WebAssembly.Module, a URL or a Response: ${response?.status ?? response}`);
  // Not compileStreaming: it wants a content type that many servers do not send.
  given = await WebAssembly.compile(await response.arrayBuffer());
}
