// The npm package's entry. Importing it does nothing: the wasm is instantiated at the first construction.
export { WebSocket } from './web_socket.js';
export { Channel } from './channel.js';
export { ChannelClosedError, ChannelError, CloseError, ConnectError, DecodeError, PlatformError, SendError } from './errors.js';
export { prepare } from './prepare.js';
