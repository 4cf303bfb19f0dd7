/// <reference lib="esnext.disposable" />

/**
 * A drop-in `WebSocket`: every member of the standard class, and `postMessage`, the name that `send` had in 2009. An error inside of the package
 * ends it with an `error` event, whose `error` is a {@link ChannelError} with the code `INTERNAL`, and `close` with 1006 and the reason `INTERNAL`.
 */
export class WebSocket extends EventTarget {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;

  /**
   * Begins to connect.
   * @param url `ws`, `wss`, `http` or `https`; relative to the page's own.
   * @param protocols Subprotocols in order of preference.
   * @throws {DOMException} `SyntaxError` for a bad URL, one with a fragment, and bad or duplicate subprotocols.
   * @throws {TypeError} for a `connectTimeoutMs` that is not a number or is negative.
   * @throws {PlatformError} where there is no WebSocket to stand on, or no wasm.
   */
  constructor(url: string | URL, protocols?: string | string[], options?: WebSocketOptions | null);

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** The URL after parsing, as the platform serializes it. */
  readonly url: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** Payload bytes sent that have not reached the network. */
  readonly bufferedAmount: number;
  /** The extensions in use, empty before `open`. */
  readonly extensions: string;
  /** The subprotocol in use, empty before `open`. */
  readonly protocol: string;
  /** How binary messages come. Default `"blob"`. */
  binaryType: BinaryType;

  // `this` is the standard class's, so that ours goes wherever that went.
  onopen: ((this: globalThis.WebSocket, event: Event) => unknown) | null;
  onmessage: ((this: globalThis.WebSocket, event: MessageEvent) => unknown) | null;
  onerror: ((this: globalThis.WebSocket, event: Event) => unknown) | null;
  onclose: ((this: globalThis.WebSocket, event: CloseEvent) => unknown) | null;

  /** @throws {DOMException} `InvalidStateError` before `open`. */
  send(data: string | Blob | BufferSource): void;
  /** The 2009 name of `send`. */
  postMessage(data: string | Blob | BufferSource): void;
  /** @throws {DOMException} `InvalidAccessError` for a code other than 1000 and 3000-4999, `SyntaxError` for a reason over 123 bytes. */
  close(code?: number, reason?: string): void;

  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/** The third argument of {@link WebSocket}. */
export interface WebSocketOptions {
  /** Fails the connection when it is not open within this many milliseconds. Default 0: never, as the standard. */
  connectTimeoutMs?: number;
}

/** The events of {@link WebSocket}. */
export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: CloseEvent;
}

/** What a message is before a codec has read it: text, or bytes. */
export type RawMessage = string | Uint8Array<ArrayBuffer>;

/** Turns values into messages and back. An exception of either is about one value: the channel goes on. */
export interface Codec<Send, Receive> {
  encode(value: Send): string | BufferSource;
  decode(message: RawMessage): Receive;
}

/** The part of a [Standard Schema](https://standardschema.dev) that a channel uses. Zod, Valibot, ArkType and others have it. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema answers: a value, or what is wrong. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** One attempt to connect, as a function that gives the URL or the subprotocols sees it. */
export interface Attempt {
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts when the time is up or the channel is given up. */
  readonly signal: AbortSignal;
}

/** A value, or a function that gives it for each attempt, such as a URL with a fresh token. */
export type Provided<T> = T | ((attempt: Attempt) => T | Promise<T>);

/** What happens to a message that arrives past `receiveBoundBytes`, where the platform cannot hold the peer back. */
export type Overflow = 'close' | 'drop-oldest' | 'drop-newest' | 'latest';

/** How to connect, and what to keep to. Every name carries its unit. */
export interface ConnectionOptions {
  /** Subprotocols in order of preference, or a function that gives them. Default none. */
  protocols?: Provided<string | readonly string[]>;
  /**
   * Gives up connecting (`opened` rejects with `CANCELLED`), and closes the channel with 1000 when it is open. Default none.
   */
  signal?: AbortSignal;
  /** How long connecting may take, functions that give the URL included, in milliseconds. Default 20,000; 0 is without end. */
  connectTimeoutMs?: number;
  /** How long the peer has to answer our close, in milliseconds. Default 10,000; 0 is without end. */
  closeTimeoutMs?: number;
  /** A `send` waits while the platform holds this many unsent bytes or more. Default 1,048,576; 0 waits until everything is out. */
  sendWatermarkBytes?: number;
  /**
   * Bytes of received messages that may wait to be read, each counting its payload and some 32 bytes of its own. Default 67,108,864; 0 keeps none.
   */
  receiveBoundBytes?: number;
  /**
   * What happens past `receiveBoundBytes`. `"close"` (the default) closes with 4009; `"drop-oldest"` and `"drop-newest"` drop and count;
   * `"latest"` keeps the newest message only, below the bound too.
   */
  overflow?: Overflow;
  /** The largest message taken, in bytes. Default 67,108,864; 0 takes only empty ones. A larger one closes the channel with 4009. */
  maxMessageBytes?: number;
}

/** The names of the codecs: `"messagepack"` is there once `websocket-channel/messagepack` has been imported. */
export type CodecName = 'json' | 'text' | 'bytes' | 'raw' | 'messagepack';

/** How values become messages, and what is accepted. */
export interface ChannelOptions<Send, Receive> extends ConnectionOptions {
  /** Default `"raw"`: strings and bytes as they are. */
  codec?: CodecName | Codec<Send, Receive>;
  /** Checks every value that arrives, after the codec; what it gives is what you read. Default none: types are claimed, not checked. */
  schema?: StandardSchema<Receive>;
}

/** What the handshake settled. */
export interface Opened {
  /** The subprotocol the server chose, empty if none. */
  readonly protocol: string;
  /** The extensions in use, as the platform reports them. */
  readonly extensions: string;
}

/** How a channel ended. */
export interface Closed {
  /** The peer's code; 1005 when it gave none, 1006 when the connection was lost or never opened. */
  readonly code: number;
  /** The peer's reason, empty if it gave none. */
  readonly reason: string;
  /** Whether the closing handshake finished. */
  readonly wasClean: boolean;
  /** Who began to close: a limit of ours, `break` and a signal count as us. */
  readonly by: 'us' | 'peer' | 'failure';
  /** Payload bytes that `trySend` had taken and that could not be handed over any more. Without a session 0: what it takes has been handed over. */
  readonly unsentBytes: number;
}

/** The state of a channel. It only ever goes forward. */
export type ChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/** How a channel stands: live values, and a `change` event for each change of `state`. */
export interface ChannelStatus extends EventTarget {
  readonly state: ChannelState;
  /** Why it is closed: how it ended, or the error if it never opened. Otherwise null. */
  readonly reason: Closed | ChannelError | null;
  /** What has arrived and waits to be read, as it counts against `receiveBoundBytes`. */
  readonly queuedBytes: number;
  /** Messages that `overflow` dropped. */
  readonly dropped: number;
  /** The attempt that is being made or that succeeded. Without a session there is one. */
  readonly attempt: number;
  /** When the next attempt begins, in milliseconds since the epoch. Without a session null. */
  readonly nextRetryAt: number | null;
  /** Whether this connection goes on where another ended. Without a session false. */
  readonly resumed: boolean;
  /** The last round-trip time measured, in milliseconds. Without a session null. */
  readonly rtt: number | null;

  addEventListener(
    type: 'change',
    listener: (this: ChannelStatus, event: Event) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** A wait that can be given up. */
export interface Waiting {
  /** Aborting it ends the wait. */
  signal?: AbortSignal;
}

/**
 * A typed channel: send values of `Send`, iterate over those of `Receive`.
 *
 * It is connecting from the moment it is made. When nobody holds it and nobody waits for its next value, it closes.
 */
export class Channel<Send = unknown, Receive = unknown> implements AsyncIterable<Receive> {
  /**
   * @param url `ws`, `wss`, `http` or `https`; relative to the page's own; or a function that gives it.
   * @throws {TypeError} for an option that is not what it must be. Everything else is told by {@link opened}.
   * @throws {PlatformError} where there is no WebSocket to stand on, or no wasm.
   */
  constructor(url: Provided<string | URL>, options?: ChannelOptions<Send, Receive> | null);

  /** Resolves when the channel is open; rejects with a {@link ConnectError}. */
  readonly opened: Promise<Opened>;
  /** Resolves at the end, and never rejects. */
  readonly closed: Promise<Closed>;
  /** How it stands, as live values and events. */
  readonly status: ChannelStatus;
  /** The values received as a stream; nothing is read ahead. Cancelling it closes the channel; it errors where the iterator throws. */
  readonly readable: ReadableStream<Receive>;
  /** Takes values as {@link send} does, one at a time. Closing or aborting it closes the channel. */
  readonly writable: WritableStream<Send>;

  /**
   * Sends a value as it is at the call; resolves when it has been handed over to the platform, waiting until the channel is open and while the
   * line is full. With a `signal` the wait can be given up: then nothing was sent.
   * @throws {SendError} with the value, when it cannot be encoded, the channel has ended or did not open (`cause` says why), or the signal
   * aborted.
   */
  send(value: Send, options?: Waiting): Promise<void>;

  /**
   * Sends a value if that needs no waiting: true when it was taken, false before open and while the line is full.
   * @throws {SendError} with the value, when it cannot be encoded, or the channel is closing, closed or did not open.
   */
  trySend(value: Send): boolean;

  /**
   * Begins to close, and resolves at the end; what arrives meanwhile is discarded, as browsers do. With a `signal` the wait for the peer's answer
   * can be given up: then the channel ends at once.
   * @throws {CloseError} for a code other than 1000 and 3000-4999, or a reason over 123 bytes. Nothing has happened then.
   */
  close(code?: number, reason?: string, options?: Waiting): Promise<Closed>;

  /**
   * The values received. It ends when the channel closes cleanly and throws {@link ChannelClosedError} otherwise; `break` closes. A message that
   * cannot be decoded or that the schema refuses throws {@link DecodeError}, and a new loop goes on after it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Receive>;

  /** Closes with 1000 and waits for the end: `await using channel = new Channel(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Every error of the package has a stable `code`, the same as Rust's. Itself it is only thrown with `INTERNAL`: an error inside of the package has
 * ended its connections; a new one works.
 */
export class ChannelError extends Error {
  readonly code: string;
}

/** Why a channel did not open. */
export class ConnectError extends ChannelError {
  readonly code:
    | 'BAD_URL'
    | 'URL_FRAGMENT'
    | 'BAD_PROTOCOL'
    | 'DUPLICATE_PROTOCOL'
    | 'REFUSED'
    | 'TIMED_OUT'
    | 'CONNECT_FAILED'
    | 'CANCELLED'
    | 'PROVIDER_FAILED'
    | 'INTERNAL';
}

/** Why a value was not sent. */
export class SendError<Send = unknown> extends ChannelError {
  readonly code: 'NOT_OPEN' | 'ENCODE_FAILED' | 'SEND_REFUSED' | 'CANCELLED' | 'INTERNAL';
  /** The value, unsent. */
  readonly value: Send;
}

/** A message that the codec could not read (`DECODE_FAILED`) or the schema did not accept (`SCHEMA_FAILED`). */
export class DecodeError extends ChannelError {
  readonly code: 'DECODE_FAILED' | 'SCHEMA_FAILED';
  /** The message as it came. */
  readonly raw: RawMessage;
  /** What the schema said. */
  readonly issues: readonly SchemaIssue[] | undefined;
}

/** Arguments that `close` does not take. */
export class CloseError extends ChannelError {
  readonly code: 'BAD_CLOSE_CODE' | 'LONG_CLOSE_REASON';
}

/** The end of a channel that did not close cleanly, where values are read. */
export class ChannelClosedError extends ChannelError {
  readonly code: 'CHANNEL_CLOSED';
  readonly closed: Closed;
}

/** What the package stands on is not here: no `WebSocket`, wasm is not allowed, or `./slim` was not given any. */
export class PlatformError extends ChannelError {
  readonly code: 'NO_WEBSOCKET' | 'WASM_REFUSED' | 'NOT_INITIALIZED';
}
