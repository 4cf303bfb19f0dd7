// The one wasm instance, made synchronously when it is first needed. The bytes travel inside the script: no second file to serve.
import wasm from 'glue/wasm';
import { ChannelHandle, SocketHandle, initSync } from 'glue';

let ready = false;

function ensure() {
  if (ready) return;
  initSync({ module: decode(wasm) });
  ready = true;
}

function decode(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
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
