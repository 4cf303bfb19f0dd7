import type {
  AbortOptions,
  Bytes,
  ChannelOptions,
  CloseInfo as PlainCloseInfo,
  Codec,
  ConnectionOptions,
  FixedCodecs,
  OpenInfo,
  Provider,
  RawMessage,
  ReconnectPolicy as PlainPolicy,
  StandardSchema,
} from './index.js';
import { ChannelClosedError, ChannelError, CloseError, ConnectError, DecodeError, PlatformError, SendError } from './index.js';

export type { Attempt, Bytes, Codec, OpenInfo, Provider, RawMessage } from './index.js';
export { ChannelClosedError, ChannelError, CloseError, ConnectError, DecodeError, PlatformError, SendError };

/**
 * When to connect again, without `shouldReconnect`. After `maxAttempts` or `maxElapsedMs`, or a code of `finalCodes`, the session is lost (`GaveUp`). The
 * server's own estimate takes the place of `spreadMs`.
 */
export type ReconnectPolicy = Omit<PlainPolicy, 'shouldReconnect'>;

/** The options of the session itself. */
export interface SessionOptions {
  /**
   * What happens when the session cannot continue. `"end"`, the default: reading throws {@link SessionLostError}. `"renew"`: a `lost` event at that
   * place, and the same channel continues with a new session.
   */
  onLost?: 'end' | 'renew' | null | undefined;
  /** Bytes that the server may send ahead of the reader, and 32 more for each message. Default 262,144. With 0 one message. */
  windowBytes?: number | null | undefined;
  /** The largest WebSocket message that the server may send. Default 32,768, which is also the smallest. */
  maxBatchBytes?: number | null | undefined;
}

/**
 * The options of a channel with a session. `connectTimeoutMs` holds for each attempt. `closeTimeoutMs` is the time in which the peer has to commit
 * everything after `close`. A `send` waits while the peer has not committed `sendHighWaterMarkBytes`. A message larger than `maxMessageBytes`, by
 * default 1,048,576, is an error at the server.
 */
export interface SessionChannelOptions extends Omit<ConnectionOptions, 'overflow' | 'receiveBufferBytes' | 'transport'> {
  /** Options of the session; `true` is the default. */
  session?: true | SessionOptions | null | undefined;
  /** When to connect again. Default `true`: with the default policy. With `false` never. */
  reconnect?: boolean | ReconnectPolicy | null | undefined;
  /** Not an option here: the window bounds what arrives. */
  overflow?: null | undefined;
  /** Not an option here: see {@link SessionOptions.windowBytes}. */
  receiveBufferBytes?: null | undefined;
  /** Not an option here. */
  transport?: null | undefined;
}

/** How a channel ended, and the values that the peer has not committed. */
export interface CloseInfo<out Send = unknown> extends PlainCloseInfo {
  /** Values that the peer may have received. A message that the codec cannot decode is here as it was sent. */
  readonly inDoubt: readonly (Send | RawMessage)[];
  /** Values after them, which the peer cannot have received. Those of a `send` that still waited are not here: it rejects. */
  readonly neverSent: readonly (Send | RawMessage)[];
}

/** The state of a channel. */
export type SessionState = 'connecting' | 'open' | 'reconnecting' | 'closing' | 'closed';

/** Live values, and a `change` event for each change of {@link state} and each new attempt, dispatched in a microtask after it. */
export interface SessionStatus extends EventTarget {
  /** The current state. */
  readonly state: SessionState;
  /** How the channel closed, or the error if it never opened or failed. Otherwise null. */
  readonly reason: CloseInfo | ChannelError | null;
  /** The attempt that is next, or being made, or that succeeded; from 1. */
  readonly attempt: number;
  /** When the next attempt starts, in milliseconds since the epoch. Null if none is waiting. */
  readonly nextRetryAt: number | null;
  /** Whether the session has continued on another connection. */
  readonly resumed: boolean;
  /** The cost of messages that the peer has not committed: their bytes, and 32 for each. */
  readonly retainedBytes: number;
  /** The cost of messages that arrived here and were not read. */
  readonly queuedBytes: number;
}

/** Counters since the channel was created. */
export interface SessionStats {
  /** Messages that were accepted. */
  readonly sentMessages: number;
  /** Messages that arrived. */
  readonly receivedMessages: number;
  /** Messages that arrived here and were not read. */
  readonly queuedMessages: number;
  /** Their cost. */
  readonly queuedBytes: number;
  /** The cost of messages that the peer has not committed. */
  readonly retainedBytes: number;
}

/** Options of a request. */
export interface RequestOptions extends AbortOptions {
  /** How long to wait for the answer, in milliseconds. Default no limit, as with 0. */
  timeoutMs?: number | null | undefined;
}

/** The events of a channel, dispatched when the reader reaches that place, before the next value. */
export interface ChannelEventMap<Send> {
  /** The session continued on another connection. Nothing is missing. */
  resumed: CustomEvent<null>;
  /** The session is lost. `detail` says why, and which values the peer has not committed. */
  lost: CustomEvent<SessionLostError<Send>>;
}

/**
 * A typed channel that continues after its connection is lost: no message is lost, repeated or reordered, in either direction. The server has to
 * speak the session protocol.
 *
 * It starts to connect when it is created; the first connection is not retried. The session ends when the channel is no longer referenced and nothing
 * waits for its next value.
 */
export interface Channel<in out Send = FixedCodecs['raw']['send'], out Receive = RawMessage> extends EventTarget, AsyncIterable<Receive> {
  /** Resolves when the session begins. Rejects with a {@link ConnectError}, or with the reason of the option `signal`. */
  readonly opened: Promise<OpenInfo>;
  /** Resolves at the end, and never rejects. */
  readonly closed: Promise<CloseInfo<Send>>;
  /** The status as live values and events. */
  readonly status: SessionStatus;
  /** The received values as a stream. Cancelling it closes the channel. */
  readonly readable: ReadableStream<Receive>;
  /** A stream that sends. Closing or aborting it closes the channel. */
  readonly writable: WritableStream<Send>;

  /**
   * Sends a value as it is at the call. Waits until the session has begun, and while the peer has not committed `sendHighWaterMarkBytes`. Resolves
   * when the session has the value: it is delivered, also over another connection, or given back when the session is lost.
   * @throws {SendError} with the value, if it was not accepted.
   */
  send(value: Send, options?: AbortOptions | null): Promise<void>;
  /** Sends many values, in order, each as {@link send} does. After an error, the values from `error.value` on were not sent. */
  sendAll(values: Iterable<Send>, options?: AbortOptions | null): Promise<void>;
  /** Sends a value without waiting. Returns false, and does not send, where `send` would wait. */
  trySend(value: Send): boolean;
  /**
   * Asks the peer, and resolves with its answer, also over another connection. Waits as {@link send} does. At most 1,000 wait for an answer.
   * @throws {RequestError} if there is no answer; {@link DecodeError} if it cannot be decoded; the signal's reason.
   */
  request(value: Send, options?: RequestOptions | null): Promise<Receive>;
  /**
   * Answers the peer's requests: with what `handler` returns, or with the message of what it throws. Handlers run side by side, when a request
   * arrives, whatever is read. `signal` aborts if the peer needs no answer any more. Null: requests are refused, which is the default. While there is
   * a handler that refers to the channel, the channel is not collected.
   */
  handle(handler: ((value: Receive, info: { readonly signal: AbortSignal }) => Send | Promise<Send>) | null): void;
  /** Resolves when the peer has committed every value of an earlier {@link send}. */
  flush(options?: AbortOptions | null): Promise<void>;

  /**
   * Ends the session after everything sent so far. Resolves like {@link closed}, at the latest after `closeTimeoutMs`. Unread messages are discarded.
   * @throws {CloseError} for a code other than 1000 and 3000-4999, or a reason over 123 bytes. Then nothing has happened.
   */
  close(code?: number, reason?: string, options?: AbortOptions | null): Promise<CloseInfo<Send>>;
  /** Ends at once, without waiting for the peer. */
  abort(): void;

  /** Makes the next attempt now, or another connection if there is one. */
  reconnectNow(): void;
  /** Closes the connection, and makes none until {@link resume}. The session continues; the server keeps it for a limited time. */
  suspend(): void;
  /** Connects again after {@link suspend}. */
  resume(): void;

  /** Counters since the channel was created. */
  stats(): SessionStats;
  /**
   * The received values. Ends after a close with 1000 and after your own `close`, `abort`, `break` or signal; any other end throws. A message that
   * cannot be decoded throws {@link DecodeError}, one that could not be delivered {@link DeliveryError}; a new loop continues after it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Receive>;
  /** The same in arrays of all values that are there, at least one: for many small messages. With a schema, one value each. */
  batches(): AsyncIterableIterator<Receive[]>;
  /** `await using` closes the channel. */
  [Symbol.asyncDispose](): Promise<void>;

  /** Calls `listener` when the reader reaches the event. */
  addEventListener<Type extends keyof ChannelEventMap<Send>>(
    type: Type,
    listener: (this: Channel<Send, Receive>, event: ChannelEventMap<Send>[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

interface CodecOption<Codec> {
  /** As for every channel. */
  codec: Codec;
}
interface NoSchema {
  /** None. */
  schema?: null | undefined;
}
interface SchemaOption<Receive> {
  /** As for every channel. */
  schema: StandardSchema<Receive>;
}
type FixedCodecOption<Name extends keyof FixedCodecs> = 'raw' extends Name
  ? Partial<CodecOption<Name | null | undefined>>
  : CodecOption<Name>;

/** The class of {@link Channel}, with the same types as that of `websocket-channel`. */
export interface ChannelConstructor {
  /** The type of every channel. */
  readonly prototype: Channel<never, unknown>;

  /**
   * Starts to connect.
   * @param url As for every channel. A function is called for each attempt.
   * @throws {TypeError} if the URL is null or undefined, or an option is invalid.
   * @throws {PlatformError} if there is no `WebSocket` here, or wasm is not allowed.
   */
  new <Send, Receive>(
    url: Provider<string | URL>,
    options: SessionChannelOptions & CodecOption<Codec<Send, Receive>> & NoSchema,
  ): Channel<Send, Receive>;
  /** Starts to connect. Sends and receives the types of the codec that is named. */
  new <Name extends keyof FixedCodecs = 'raw'>(
    url: Provider<string | URL>,
    options?: (SessionChannelOptions & FixedCodecOption<Name> & NoSchema) | null,
  ): Channel<FixedCodecs[Name]['send'], FixedCodecs[Name]['receive']>;
  /** Starts to connect. Sends text and bytes; receives what the schema returns. */
  new <Receive>(
    url: Provider<string | URL>,
    options: SessionChannelOptions & FixedCodecOption<'raw'> & SchemaOption<Receive>,
  ): Channel<string | Bytes, Receive>;
  /** Starts to connect. Sends what your codec accepts; receives what the schema returns. */
  new <Send, Receive>(
    url: Provider<string | URL>,
    options: SessionChannelOptions & CodecOption<Codec<Send, unknown>> & SchemaOption<Receive>,
  ): Channel<Send, Receive>;
  /** Starts to connect, with the types that you name, or those of your codec. */
  new <Send, Receive = unknown>(
    url: Provider<string | URL>,
    options: SessionChannelOptions & ChannelOptions<Send, Receive>,
  ): Channel<Send, Receive>;
}

/** Creates channels: see {@link ChannelConstructor}. */
export const Channel: ChannelConstructor;

/** Why a session cannot continue. Final, unless the channel continues with a new one. */
export class SessionLostError<out Send = unknown> extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /** Always this. */
  readonly code: 'SESSION_LOST';
  /**
   * Why. `Expired`, `ServerRestarted`: the server does not know the session. `Behind`, `Rewound`, `Damaged`: a side lost messages. `Fenced`: another
   * instance took it over. `Identity`, `Version`, `Changed`, `Broken`: see `WIRE.md`. `GaveUp`: there are no more attempts to connect. `Ended`: a
   * side ended it before everything was committed.
   */
  readonly reason: string;
  /** Whether the channel continues with a new session. */
  readonly renewed: boolean;
  /** Values that the peer may have received, and may have acted on. */
  readonly inDoubt: readonly (Send | RawMessage)[];
  /** Values after them, which the peer cannot have received: they may be sent again. */
  readonly neverSent: readonly (Send | RawMessage)[];
}

/** A single message did not arrive and will not. Thrown where values are read; the channel continues. */
export class DeliveryError<out Send = unknown> extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /** `UNDELIVERED`: one of yours, the `value`. `MISSING`: one of the peer's. */
  readonly code: 'UNDELIVERED' | 'MISSING';
  /** The value that was not delivered. */
  readonly value: Send | RawMessage | undefined;
}

/** A request without an answer. */
export class RequestError<out Send = unknown> extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /**
   * `FAILED`: the peer answered with an error, whose text is the `message`. `TIMED_OUT`: not answered within `timeoutMs`. `SESSION_LOST`: the session
   * was lost or ended before the answer came. `UNDELIVERED`: the request did not arrive. `RESPONSE_LOST`: its response could not be delivered.
   * `TOO_MANY`: 1,000 wait for an answer. `NOT_SENT`: it was not accepted; `cause` says why.
   */
  readonly code: 'FAILED' | 'TIMED_OUT' | 'SESSION_LOST' | 'UNDELIVERED' | 'RESPONSE_LOST' | 'TOO_MANY' | 'NOT_SENT';
  /** The value of the request; undefined if the peer answered. */
  readonly value: Send | undefined;
  /** Whether the peer may have received the request, and acted on it. If false, it can be repeated. */
  readonly inDoubt: boolean;
}
