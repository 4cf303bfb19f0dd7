// The one wasm instance, made synchronously when it is first needed. The bytes travel inside the script: no second file to serve.
import wasm from 'glue/wasm';
import { ChannelHandle, SocketHandle, initSync } from 'glue';

let ready = false;

function ensure() {
  if (ready) return;
  initSync({ module: decode(wasm) });
  ready = true;
}

/** The bytes of the build's string: `inlineWasm` in `tests/run/build.mjs` says why it is one. */
function decode(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i) ^ 66;
  return bytes;
}

/** A connection of the class `WebSocket`. */
export function openSocket(url, protocols, connectTimeoutMs, tell) {
  ensure();
  return new SocketHandle(url, protocols, connectTimeoutMs, tell);
}

/** A promise of an open channel. */
export function openChannel(url, protocols, connectTimeoutMs) {
  ensure();
  return ChannelHandle.connect(url, protocols, connectTimeoutMs);
}
