// `websocket-channel/slim`: the same without the wasm inside. Whoever serves `websocket-channel.wasm` gives it to `init` once.
export { init } from 'glue/source';
export * from './index.js';
