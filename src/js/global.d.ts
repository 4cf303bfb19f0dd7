/** The global of `websocket-channel.iife.js`, for classic scripts: name `websocket-channel/global` in `types` of your `tsconfig.json`. */
import * as library from './index.js';

declare global {
  /** Everything that the package exports. */
  export import WebSocketChannel = library;
}
