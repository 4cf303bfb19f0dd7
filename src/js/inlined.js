// The wasm of the default entry: its bytes travel inside the script, so there is no second file to serve.
import text from 'glue/wasm';

/** What the instance is made of. `inlineWasm` in `tests/run/build.mjs` says why its bytes are a string. */
export function source() {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i) ^ 66;
  return bytes;
}
