// `websocket-channel/no-wasm`: the same package for places where WebAssembly is not allowed. The default entry can use its `core` as a fallback.
export { core } from 'core';
export * from './index.js';
