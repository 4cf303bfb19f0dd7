// `websocket-channel/no-wasm`: the same where no WebAssembly is allowed. The default entry takes its `core` as a fallback.
export { core } from 'core';
export * from './index.js';
