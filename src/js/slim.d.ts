/** The package without the wasm inside, for those who serve `websocket-channel.wasm` themselves: call {@link init} once, before anything else. */
export * from './index.js';

/**
 * Takes the wasm: its bytes, a compiled module, or where to fetch it. Bytes and modules are there as soon as the call returns; for a URL or a
 * `Response` await the promise. Constructing anything before throws a `PlatformError` with the code `NOT_INITIALIZED`.
 * @throws {TypeError} for anything else, or when the fetch fails.
 */
export function init(from: BufferSource | WebAssembly.Module | string | URL | Response | Promise<Response>): Promise<void>;
