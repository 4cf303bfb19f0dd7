// `websocket-channel/slim`: the same package without the wasm inside. The application serves `websocket-channel.wasm`, and passes it to `init` once.
export { init } from 'glue/source';
export * from './index.js';
