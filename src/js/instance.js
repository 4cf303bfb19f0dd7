// The one wasm instance, made synchronously when it is first needed.
import { ChannelHandle, SocketHandle, initSync } from 'glue';
import { PlatformError } from './errors.js';
import { source } from 'glue/source';

let ready = false;

/**
 * Sees to it that there is an instance.
 * @throws {PlatformError} where there is nothing to stand on
 */
export function ensure() {
  if (ready) return;
  if (typeof globalThis.WebSocket !== 'function') {
    throw new PlatformError('NO_WEBSOCKET', 'there is no WebSocket here to stand on: browsers, Node from 22, Deno and Bun have one');
  }
  const module = source();
  try {
    initSync({ module });
  } catch (cause) {
    // A Content Security Policy, an embedder that compiles nothing at run time, or no WebAssembly at all.
    const advice =
      "a page's Content Security Policy has to allow 'wasm-unsafe-eval'; where nothing may be compiled, use websocket-channel/slim";
    throw new PlatformError('WASM_REFUSED', `WebAssembly cannot be instantiated here: ${advice} (${cause?.message})`, { cause });
  }
  ready = true;
}

/** A connection of the class `WebSocket`. */
export function openSocket(url, protocols, connectTimeoutMs, tell) {
  ensure();
  return new SocketHandle(url, protocols, connectTimeoutMs, tell);
}

/** A promise of an open channel. `aborted` gives it up. */
export function connectChannel(url, protocols, aborted, connectTimeoutMs, settings) {
  ensure();
  const { closeTimeoutMs, sendWatermarkBytes, receiveBoundBytes, policy, maxMessageBytes } = settings;
  return ChannelHandle.connect(
    url,
    protocols,
    aborted,
    connectTimeoutMs,
    closeTimeoutMs,
    sendWatermarkBytes,
    receiveBoundBytes,
    policy,
    maxMessageBytes,
  );
}
