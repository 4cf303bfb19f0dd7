// The wasm of the default entry: its bytes travel inside the script, so there is no second file to serve.
import base64 from 'glue/wasm';

/** What the instance is made of. */
export function source() {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
