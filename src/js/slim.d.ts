/** The package without the wasm inside. Serve `websocket-channel.wasm` yourself, and call {@link init} once, before anything else. */
export * from './index.js';

/**
 * Takes the wasm: its bytes, a compiled module, or where to fetch it. With bytes and modules it is ready as soon as the call returns; with a URL or a
 * `Response` await the promise. Constructing anything earlier throws a `PlatformError` with the code `NOT_INITIALIZED`.
 * @throws {TypeError} for anything else, or if the fetch fails.
 */
export function init(from: BufferSource | WebAssembly.Module | string | URL | Response | Promise<Response>): Promise<void>;
