// The wasm of the default entry. Its bytes are inside the script, so there is no second file to serve.
import text from 'glue/wasm';

/** The source of an instance. `inlineWasm` in `tests/run/build.mjs` explains why its bytes are a string. */
export function source() {
  const byteOf = [];
  let plain = 0x23;
  let moved = 256;
  for (let byte = 0; byte < 256; byte++) {
    if (plain === 0x5c) plain++;
    const frequent = (parseInt(text[byte >> 2], 16) >> (byte & 3)) & 1;
    byteOf[frequent ? plain++ : moved++] = byte;
  }
  const bytes = new Uint8Array(text.length - 64);
  for (let i = 0; i < bytes.length; i++) bytes[i] = byteOf[text.charCodeAt(i + 64)];
  return bytes;
}
