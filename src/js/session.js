// `websocket-channel/session`: the channel that continues after its connection is lost, with a wasm of its own. Importing it does nothing.
export { Channel } from './session_channel.js';
export { ChannelClosedError, ChannelError, CloseError, ConnectError, DecodeError, PlatformError, SendError } from './errors.js';
export { DeliveryError, RequestError, SessionLostError } from './session_errors.js';
