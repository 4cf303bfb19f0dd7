// The types of the class `WebSocket` with the option `reconnect`.
import { WebSocket } from 'websocket-channel';
import type { Attempt, ConnectError, ReconnectingEvent, ReconnectOptions, ReconnectReason } from 'websocket-channel';

const socket = new WebSocket('wss://chat.example/ws', ['chat.v1'], { reconnect: true });
new WebSocket('wss://chat.example/ws', [], { reconnect: false });
new WebSocket('wss://chat.example/ws', [], { reconnect: null });
new WebSocket('wss://chat.example/ws', undefined, { reconnect: {}, connectTimeoutMs: 5000 });
const options: ReconnectOptions = {
  baseDelayMs: 250,
  maxDelayMs: 30_000,
  spreadMs: 1000,
  stableAfterMs: 5000,
  maxAttempts: Infinity,
  maxElapsedMs: 600_000,
  finalCodes: [4001] as const,
  shouldReconnect: (event) => event.code !== 4003 && !event.wasClean,
  whileDisconnected: 'drop',
  maxQueuedBytes: 0,
  startClosed: true,
};

// Functions, with and without a promise.
new WebSocket(() => 'wss://chat.example/ws', null, { reconnect: options });
new WebSocket(
  async () => new URL('wss://chat.example/ws'),
  () => ['chat.v1'],
  { reconnect: true },
);
new WebSocket(
  async ({ number, reason, signal }: Attempt) => {
    const token = await fetch(`/token?attempt=${number}`, { signal });
    const why: ReconnectReason | null = reason;
    return `wss://chat.example/ws?token=${await token.text()}&why=${why?.type}`;
  },
  async () => null,
  { reconnect: true },
);

socket.addEventListener('reconnecting', (event) => {
  const numbers: [number, number] = [event.attempt, event.delayMs];
  const { reason } = event;
  if (reason.type === 'closed') console.log(numbers, reason.code, reason.reason, reason.wasClean, reason.unsentBytes);
  else if (reason.type === 'failed') console.log((reason.error satisfies ConnectError).code);
  else console.log(reason.type satisfies 'restored' | 'requested');
});
socket.onreconnecting = (event: ReconnectingEvent) => console.log(event.attempt);
socket.onreconnecting = null;
socket.reconnect();
socket.reconnect(4000, 'another room');

// Without `any`: each of these would compile with one.
socket.addEventListener('reconnecting', (event) => {
  // @ts-expect-error: read-only
  event.attempt = 1;
  // @ts-expect-error: only a closed connection has a code
  console.log(event.reason.code);
  // @ts-expect-error: no such property
  console.log(event.retryCount);
});
// @ts-expect-error: a function needs the option
new WebSocket(() => 'wss://chat.example/ws', []);
// @ts-expect-error: … switched on
new WebSocket(() => 'wss://chat.example/ws', [], { reconnect: false });
// @ts-expect-error: not a URL
new WebSocket(() => 5, [], { reconnect: true });
// @ts-expect-error: not an option
new WebSocket('wss://chat.example/ws', [], { reconnect: { maxRetries: 5 } });
// @ts-expect-error: a string
new WebSocket('wss://chat.example/ws', [], { reconnect: { baseDelayMs: '5s' } });
// @ts-expect-error: not one of the words
new WebSocket('wss://chat.example/ws', [], { reconnect: { whileDisconnected: 'queue' } });
// @ts-expect-error: a promise is no answer
new WebSocket('wss://chat.example/ws', [], { reconnect: { shouldReconnect: async () => true } });
// @ts-expect-error: a string
socket.reconnect('4000');
