// Connects: from a URL, or a function that returns one, to a connection that reports to its `Life`.
import { CONNECT_TIMEOUT_MS, checked, provided, refused } from './address.js';
import { ConnectError, failed } from './errors.js';
import { Life } from './life.js';
import { current } from './instance.js';
import { BY_SOCKET, BY_STREAM } from './options.js';
import { copiesBytes } from './platform.js';
import { hear } from './stream.js';

/**
 * Begins to connect.
 * @param {import('./queues.js').Queues} queues where messages, reads and sends wait
 * @param {import('./status.js').ChannelStatus} status shows its life
 * @param {{ handle?: object }} slot is given the handle when it is open
 * @returns {{ life: Life, checkClose: Function }} what throws a code of Rust's when `close` does not take a code, or a reason of so many bytes
 */
export function begin(url, settings, queues, status, slot) {
  const instance = current(settings.WebSocket);
  const life = new Life(queues, status, slot, instance.alive, settings.signal);
  const limit = settings.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  life.limitMs = limit;
  const make = ([given, protocols], left) => {
    if (!life.isConnecting) return;
    try {
      connect(instance, life, queues, settings, given, protocols ?? [], left);
    } catch (error) {
      life.fail(error instanceof ConnectError ? error : refused(error));
    }
  };
  const given = [url, settings.protocols];
  if (!life.isConnecting || !given.some((value) => typeof value === 'function')) make(given, limit);
  else {
    const began = Date.now();
    const { signal } = life.connecting;
    provided(given, limit, signal, 1, null).then(
      (values) => make(values, limit && Math.max(limit - (Date.now() - began), 1)),
      (error) => life.fail(error),
    );
  }
  return { life, checkClose: instance.ChannelHandle.checkClose };
}

function connect({ ChannelHandle, WebSocket, WebSocketStream }, life, queues, settings, given, protocols, left) {
  const [address, list] = checked(given, protocols);
  // The option `WebSocket` wins over the browser's stream, unless the stream was requested by name.
  const bySocket = settings.transport === BY_SOCKET || (settings.WebSocket && settings.transport !== BY_STREAM);
  const Stream = bySocket ? undefined : WebSocketStream;
  if (!Stream && settings.transport === BY_STREAM) throw failed('UNSUPPORTED');
  const { closeTimeoutMs, sendHighWaterMarkBytes, receiveBufferBytes, policy, maxMessageBytes } = settings;
  const bounds = [closeTimeoutMs, sendHighWaterMarkBytes, receiveBufferBytes, policy, maxMessageBytes];
  let weak;
  const tell = (happened, event) => life.tell(happened, event);
  const arrived = ({ data }) => {
    const handle = weak.deref();
    if (handle) queues.arrive(handle, data);
  };
  const handle = Stream
    ? new ChannelHandle(Stream, [address, { protocols: list }], left, ...bounds, tell)
    : new ChannelHandle(WebSocket, [address, list], left, ...bounds, tell, arrived);
  weak = new WeakRef(handle);
  if (!Stream && !copiesBytes(handle.platform)) queues.keeping();
  life.made(handle, list, Boolean(Stream));
  if (Stream) hear(handle, queues);
  // A test double may be open from the start, and fire no event.
  else if (handle.platform.readyState === 1) handle.opened(true);
}
