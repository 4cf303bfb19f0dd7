/// <reference lib="esnext.disposable" />

/**
 * A drop-in `WebSocket`: every member of the standard class (WHATWG WebSockets §3.1), and `postMessage`, the name that `send` had in 2009. Its bounds
 * are the platform's: {@link Channel} has those of memory and of time. An error inside of the package ends it with an `error` event, whose `error` is
 * a {@link ChannelError} with the code `INTERNAL`, and `close` with 1006 and the reason `INTERNAL`.
 */
export class WebSocket extends EventTarget {
  /** {@link readyState} before `open`. */
  static readonly CONNECTING: 0;
  /** {@link readyState} while messages flow both ways. */
  static readonly OPEN: 1;
  /** {@link readyState} from the first sign of an end. */
  static readonly CLOSING: 2;
  /** {@link readyState} at the end, or when it never opened. */
  static readonly CLOSED: 3;

  /**
   * Begins to connect. `close()` gives it up.
   * @param url `ws`, `wss`, `http` or `https`; relative to the page's own.
   * @param protocols Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1). Default none.
   * @param options What the standard class does not have. Default: none of it.
   * @throws {DOMException} `SyntaxError` for a bad URL, one with a fragment, and bad or duplicate subprotocols.
   * @throws {TypeError} for options that are no object, a `connectTimeoutMs` that is not a number or is negative, a `WebSocket` that is not a class.
   * @throws {PlatformError} where there is no WebSocket to stand on, or no wasm.
   */
  constructor(url: string | URL, protocols?: string | string[], options?: WebSocketOptions | null);

  /** As the constant of the class. */
  readonly CONNECTING: 0;
  /** As the constant of the class. */
  readonly OPEN: 1;
  /** As the constant of the class. */
  readonly CLOSING: 2;
  /** As the constant of the class. */
  readonly CLOSED: 3;

  /** The URL after parsing, as the platform serializes it. */
  readonly url: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** Payload bytes sent that have not reached the network. What `send` is given after the end is counted, too, and never sent. */
  readonly bufferedAmount: number;
  /** The extensions in use, empty before `open` and for none. */
  readonly extensions: string;
  /** The subprotocol in use, empty before `open` and for none. */
  readonly protocol: string;
  /** How binary messages come: as `Blob` or as `ArrayBuffer`. Default `"blob"`; another value changes nothing. */
  binaryType: BinaryType;

  // `this` is the standard class's, so that ours goes wherever that went.
  /** Called when the connection is open. Default null. */
  onopen: ((this: globalThis.WebSocket, event: Event) => unknown) | null;
  /** Called for each message: `data` is a string, or as {@link binaryType} says. Default null. */
  onmessage: ((this: globalThis.WebSocket, event: MessageEvent) => unknown) | null;
  /** Called when the connection failed, before `close`; browsers hide why. Default null. */
  onerror: ((this: globalThis.WebSocket, event: Event) => unknown) | null;
  /** Called at the end, with `code`, `reason` and `wasClean`. Default null. */
  onclose: ((this: globalThis.WebSocket, event: CloseEvent) => unknown) | null;

  /**
   * Hands a message to the platform, however much it holds already: {@link bufferedAmount} tells. From the first sign of an end it does nothing, in
   * silence, as the standard has it; {@link Channel.send} tells the truth.
   * @throws {DOMException} `InvalidStateError` before `open`.
   */
  send(data: string | Blob | BufferSource): void;
  /**
   * The 2009 name of {@link send}, and the same.
   * @throws {DOMException} `InvalidStateError` before `open`.
   */
  postMessage(data: string | Blob | BufferSource): void;
  /**
   * Begins to close, or gives up connecting; a second call does nothing. What arrives meanwhile is discarded. There is no time limit but the
   * platform's, and Chromium, Node and Deno have none: `close` may never be fired if the peer does not answer, and Node and Deno do not exit then.
   * @param code 1000 or 3000-4999. Default: none is sent, which the peer sees as 1005.
   * @param reason At most 123 bytes of UTF-8. Default empty.
   * @throws {DOMException} `InvalidAccessError` for another code, `SyntaxError` for a longer reason. Nothing has happened then.
   */
  close(code?: number, reason?: string): void;

  /** Calls `listener` for each event of the type, until it is removed or its `signal` aborts. */
  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  /** Calls `listener` no more. */
  removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/** The third argument of {@link WebSocket}. */
export interface WebSocketOptions {
  /**
   * Fails the connection, with `error` and `close`, when it is not open within this many milliseconds. Default 0: never, as the standard. More than
   * 2,147,483,647 are as many.
   */
  connectTimeoutMs?: number | null | undefined;
  /**
   * The class to connect with: a test double, or another implementation. Default: `globalThis.WebSocket` when the constructor is called; where that is
   * this package's own class, what was there when the package was imported.
   */
  WebSocket?: WebSocketClass | null | undefined;
}

/** A class that has the members of the standard `WebSocket`. If it has no `onopen` and the others, it has to be an `EventTarget`. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => object;

/** The events of {@link WebSocket}. */
export interface WebSocketEventMap {
  /** The connection is open. */
  open: Event;
  /** A message arrived. */
  message: MessageEvent;
  /** The connection failed; `close` follows, except where a policy forbade to connect. */
  error: Event;
  /** The end, after every message that came before. */
  close: CloseEvent;
}

/** What a message is before a codec has read it: text, or bytes. */
export type RawMessage = string | Uint8Array<ArrayBuffer>;

/** Bytes to send. Shared memory and memory that can grow are copied first, which the platform's own `send` refuses to take. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Turns values into messages and back. An exception of either is about one value: the channel goes on. */
export interface Codec<in Send, out Receive> {
  /** The message that carries `value`: text, or bytes, which are copied before {@link Channel.send} returns. What it throws is `ENCODE_FAILED`. */
  readonly encode: (value: Send) => string | Bytes;
  /** The value that `message` carries, which is text or bytes as the peer likes. What it throws is `DECODE_FAILED`. */
  readonly decode: (message: RawMessage) => Receive;
}

/** The part of a [Standard Schema](https://standardschema.dev) that a channel uses. Zod, Valibot, ArkType and others have it. */
export interface StandardSchema<out Output> {
  /** What the standard asks of a schema; a channel calls `validate`. */
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
  /** In the schema's words. */
  readonly message: string;
  /** Where in the value, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** One attempt to connect, as a function that gives the URL or the subprotocols sees it. */
export interface Attempt {
  /** Which one it is, from 1. A channel connects once, so there is no second yet. */
  readonly number: number;
  /** Aborts when the time is up or the channel is given up. */
  readonly signal: AbortSignal;
}

/** A value, or a function that gives it for each attempt, such as a URL with a fresh token. */
export type Provider<T> = T | ((attempt: Attempt) => T | Promise<T>);

/**
 * What happens to a message that arrives past `receiveBufferBytes`, where the platform cannot hold the peer back. Default `"close"`, with 3013: what
 * arrived before can still be read. The others drop, and count in {@link ChannelStatus.droppedMessages}: the oldest unread, the one that arrived, or, below
 * the bound too, all but the newest.
 */
export type Overflow = 'close' | 'drop-oldest' | 'drop-newest' | 'latest';

/**
 * Which of a browser's two sockets carries a channel.
 *
 * - `"websocket"`: `WebSocket`, which is everywhere. It cannot hold the peer back: past `receiveBufferBytes` it is as {@link Overflow} says.
 * - `"auto"`: receive backpressure where the platform has it, by `WebSocketStream` (Chromium; Deno with `--unstable-net`), otherwise
 *   `WebSocket`.
 * - `"websocket-stream"`: `WebSocketStream`, or `UNSUPPORTED`. It is in no standard yet.
 *
 * A stream whose reader has stopped at `receiveBufferBytes` hears of the end, {@link Channel.closed} included, when what waits before it is read.
 *
 * Use a stream to receive much and send little, with peers that you trust. Chromium 156 has a defect that can end the page, and because of it a message
 * of more than 64 KiB is `SEND_REFUSED`. `"websocket"` is not affected.
 */
export type TransportKind = 'websocket' | 'auto' | 'websocket-stream';

/** How to connect, and what to keep to. Every name carries its unit; `null` is the default, as `undefined` is. */
export interface ConnectionOptions {
  /**
   * Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1), or a function that gives them. Default none. When the server chooses none of
   * them, `opened` rejects everywhere: with `SUBPROTOCOL`, or with `CONNECT_FAILED` where the platform itself fails such a connection (Chromium, Node, Bun).
   */
  protocols?: Provider<string | readonly string[]> | null | undefined;
  /**
   * Gives up connecting: `opened` and reads reject with the signal's reason. Closes an open channel with 1000: reading ends, and what was not read is
   * dropped. Default none.
   */
  signal?: AbortSignal | null | undefined;
  /**
   * The class to connect with, as {@link WebSocketOptions.WebSocket}. `transport: "auto"` goes by it, too; `"websocket-stream"` does not use it.
   */
  WebSocket?: WebSocketClass | null | undefined;
  /**
   * How long connecting may take, functions that give the URL included, in milliseconds; then it is `TIMED_OUT`. Default 20,000; 0 is without end.
   */
  connectTimeoutMs?: number | null | undefined;
  /**
   * How long the peer has to answer our close, in milliseconds; then the connection is dropped, with 1006. Default 10,000; 0 is without end.
   */
  closeTimeoutMs?: number | null | undefined;
  /** Which of the platform's sockets carries it. Default `"websocket"`. */
  transport?: TransportKind | null | undefined;
  /**
   * A `send` waits while the platform holds this many unsent bytes or more; by `WebSocketStream`, so many that were written and not taken. Default
   * 1,048,576; 0 waits until everything is out.
   */
  sendHighWaterMarkBytes?: number | null | undefined;
  /**
   * Bytes of received messages that may wait to be read, each counting its payload and 32 bytes of its own. Default 67,108,864; 0 keeps none, so
   * that with `overflow: "close"` the first message closes the channel. `WebSocketStream` is not read past it, so that the peer has to wait; of 0 it
   * stops after each message.
   */
  receiveBufferBytes?: number | null | undefined;
  /**
   * What happens past `receiveBufferBytes`; nothing by `WebSocketStream`. `"close"` (the default) closes with 3013; `"drop-oldest"` and `"drop-newest"` drop and count;
   * `"latest"` keeps the newest message only, below the bound too.
   */
  overflow?: Overflow | null | undefined;
  /** The largest message taken, in bytes. Default 67,108,864; 0 takes only empty ones. A larger one closes the channel with 3009. */
  maxMessageBytes?: number | null | undefined;
}

/** What the codecs that fix the types of a channel send and receive. */
export interface FixedCodecs {
  /** Text and bytes, as they are: the default. */
  raw: { send: string | Bytes; receive: RawMessage };
  /** Text only. */
  text: { send: string; receive: string };
  /** Bytes only. */
  bytes: { send: Bytes; receive: Uint8Array<ArrayBuffer> };
}

/**
 * The names of the codecs. `"json"`: any value of `JSON.stringify`, as text. `"text"`: strings. `"bytes"`: bytes, which arrive as `Uint8Array`.
 * `"raw"`: either, as they are. `"messagepack"` is there once `websocket-channel/messagepack` has been imported.
 */
export type CodecName = keyof FixedCodecs | 'json' | 'messagepack';

/**
 * How to connect, the codec, and the schema. `"json"` and `"messagepack"` take the types that you name; the codecs of {@link FixedCodecs} only theirs;
 * a codec of your own those that it has. With a schema you receive what the schema gives.
 */
export type ChannelOptions<Send, Receive> = ConnectionOptions &
  (
    | (CodecOption<'json' | 'messagepack'> & (SchemaOption<Receive> | NoSchema))
    | (CodecOption<Codec<Send, Receive>> & NoSchema)
    | (CodecOption<Codec<Send, unknown>> & SchemaOption<Receive>)
    | FixedOptions<'raw', Send, Receive>
    | FixedOptions<'text', Send, Receive>
    | FixedOptions<'bytes', Send, Receive>
  );

interface CodecOption<Codec> {
  /** How values become messages: a name, or a codec of your own. Default `"raw"`: strings and bytes as they are. */
  codec: Codec;
}

/** The name of a codec that fixes the types; `"raw"` need not be said. */
type FixedCodecOption<Name extends keyof FixedCodecs> = 'raw' extends Name
  ? Partial<CodecOption<Name | null | undefined>>
  : CodecOption<Name>;

interface SchemaOption<Receive> {
  /**
   * Checks every value that arrives, after the codec; what it gives is what you read, and what it refuses is `SCHEMA_FAILED`. Default none: types are
   * claimed, not checked.
   */
  schema: StandardSchema<Receive>;
}

interface NoSchema {
  /** None: types are claimed, not checked. */
  schema?: null | undefined;
}

/** `Send` has to be what the codec takes or part of it. Without a schema `Receive` has to be what the codec gives or wider. */
type FixedOptions<Name extends keyof FixedCodecs, Send, Receive> = [Send] extends [FixedCodecs[Name]['send']]
  ? FixedCodecOption<Name> & (SchemaOption<Receive> | ([FixedCodecs[Name]['receive']] extends [Receive] ? NoSchema : never))
  : never;

/** What the handshake settled. */
export interface OpenInfo {
  /** The subprotocol the server chose, empty if none (RFC 6455 §4.2.2). */
  readonly protocol: string;
  /** The extensions in use, as the platform reports them, empty if none. */
  readonly extensions: string;
}

/** How a channel ended. */
export interface CloseInfo {
  /** The peer's code (RFC 6455 §7.4); 1005 when it gave none, 1006 when the connection was lost or never opened. */
  readonly code: number;
  /** The peer's reason, at most 123 bytes of UTF-8, empty if it gave none. */
  readonly reason: string;
  /** Whether the closing handshake finished (RFC 6455 §7.1.4). */
  readonly wasClean: boolean;
  /**
   * Who began to close: a limit of ours, `break` and a signal count as `"local"`. `"unknown"`: the peer or the browser, for a clean 1001 without a reason.
   * Firefox ends a page's sockets this way when the user follows a download link or calls `window.stop()`, and the page goes on.
   */
  readonly by: 'local' | 'remote' | 'error' | 'unknown';
  /** Payload bytes that `trySend` had taken and that could not be handed over any more. Without a session 0: what it takes has been handed over. */
  readonly unsentBytes: number;
}

/** The state of a channel. It only ever goes forward. */
export type ChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/**
 * How a channel stands: live values, and a `change` event for each change of `state`, dispatched in a microtask after it. Listening does not keep a
 * channel alive that nobody holds.
 */
export interface ChannelStatus extends EventTarget {
  /** Where the channel is in its life. */
  readonly state: ChannelState;
  /** Why it is closed: how it ended, or the error if it never opened. Otherwise null. */
  readonly reason: CloseInfo | ChannelError | null;
  /** What has arrived and waits to be read, in bytes as they count against `receiveBufferBytes`; 0 before open. */
  readonly queuedBytes: number;
  /** How many messages `overflow` has dropped, ever. */
  readonly droppedMessages: number;
  /**
   * Whether the peer has to wait while nobody reads: true over `WebSocketStream`. Where false, as before open, {@link Overflow} says what happens past
   * `receiveBufferBytes`.
   */
  readonly receiveBackpressure: boolean;
  /** The attempt that is being made or that succeeded. Without a session there is one. */
  readonly attempt: number;
  /** When the next attempt begins, in milliseconds since the epoch. Without a session null. */
  readonly nextRetryAt: number | null;
  /** Whether this connection goes on where another ended. Without a session false. */
  readonly resumed: boolean;
  /** The last round-trip time measured, in milliseconds. Without a session null. */
  readonly roundTripMs: number | null;

  /** Calls `listener` after each change of {@link state}; `this` and `event.target` are the status. */
  addEventListener(
    type: 'change',
    listener: (this: ChannelStatus, event: Event) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** A wait that can be given up. */
export interface AbortOptions {
  /** Aborting it ends the wait, which rejects with the signal's reason, by default an `AbortError`, as `fetch` does. Default none. */
  signal?: AbortSignal | null | undefined;
}

/** Counts of a channel since it was made. */
export interface ChannelStats {
  /** Messages handed over to the platform. */
  readonly sentMessages: number;
  /** Messages that arrived, read or not. */
  readonly receivedMessages: number;
  /** Messages that wait to be read. */
  readonly queuedMessages: number;
  /** What waits to be read, in bytes as they count against `receiveBufferBytes`. */
  readonly queuedBytes: number;
  /** Messages that `overflow` dropped. */
  readonly droppedMessages: number;
  /** Payload bytes that the platform holds unsent, as it tells; 0 before open and by `WebSocketStream`. In WebKitGTK it is 0 whatever the peer reads. */
  readonly bufferedAmount: number;
}

/**
 * A typed channel: send values of `Send`, iterate over those of `Receive`.
 *
 * It is connecting from the moment it is made. When nobody holds it and nobody waits for its next value, it closes.
 */
export interface Channel<in Send = FixedCodecs['raw']['send'], out Receive = RawMessage> extends AsyncIterable<Receive> {
  /**
   * Resolves when the channel is open; rejects with a {@link ConnectError} within `connectTimeoutMs`, or with the reason of the option `signal`.
   * Without a listener it is no unhandled rejection.
   */
  readonly opened: Promise<OpenInfo>;
  /** Resolves at the end, and never rejects: a channel that did not open ends with 1006. */
  readonly closed: Promise<CloseInfo>;
  /** How it stands, as live values and events. */
  readonly status: ChannelStatus;
  /**
   * The values received as a stream; nothing is read ahead. Cancelling it closes the channel with 1000 and does not wait for the peer; it errors where the iterator throws, and then
   * for good: to go on after a {@link DecodeError}, iterate.
   */
  readonly readable: ReadableStream<Receive>;
  /**
   * Takes values as {@link send} does, one at a time, and waits as that does. Closing it closes the channel with 1000 and waits for the end. Aborting
   * it ends a write that waits, which sends nothing, and closes the channel with 1000. When the channel
   * ends it errors with a {@link ChannelClosedError}.
   */
  readonly writable: WritableStream<Send>;

  /**
   * Sends a value as it is at the call; resolves when it has been handed over to the platform, waiting until the channel is open and while the send
   * buffer is full. Handed over is not delivered: WebKitGTK takes everything at once, whatever the peer reads. With a `signal` the wait can be given
   * up: it rejects with the signal's reason, and nothing was sent; the value is what you passed.
   *
   * A page that comes back from the back/forward cache finds its channels closed. After a freeze (`resume`) a send waits 100 ms, until the platform
   * has told whether the connection survived.
   * @throws {SendError} with the value, when it cannot be encoded, or the channel has ended or did not open (`cause` says why).
   */
  send(value: Send, options?: AbortOptions | null): Promise<void>;

  /**
   * Sends a value if that needs no waiting: true when it was taken, false before open and while the line is full. What was taken and could not be
   * handed over is counted in {@link CloseInfo.unsentBytes}.
   * @throws {SendError} with the value, when it cannot be encoded, or the channel is closing, closed or did not open.
   */
  trySend(value: Send): boolean;

  /**
   * Begins to close within the call: nothing that is sent after it goes out. Resolves at the end, as {@link closed} does, `closeTimeoutMs` later at
   * the latest. Reading ends after what had arrived; what arrives meanwhile is discarded, as browsers do. While connecting it gives up at once:
   * `opened` rejects with `CANCELLED`. With a `signal` the wait for the peer's answer can be given up: then the channel ends at once, and this
   * rejects with the signal's reason. On a channel that is closing it only waits.
   * @param code 1000 or 3000-4999. Default 1000.
   * @param reason At most 123 bytes of UTF-8. Default empty.
   * @throws {CloseError} for a code other than 1000 and 3000-4999, or a reason over 123 bytes. Nothing has happened then.
   */
  close(code?: number, reason?: string, options?: AbortOptions | null): Promise<CloseInfo>;

  /** Ends at once: closes and does not wait for the peer; what was not read is dropped. While connecting, `opened` rejects with `CANCELLED`. */
  abort(): void;

  /**
   * Resolves when every {@link send} before it has been handed over to the platform, or has failed.
   * @throws {SendError} `NOT_OPEN` when the channel ended before, or has ended. The signal's reason.
   */
  flush(options?: AbortOptions | null): Promise<void>;

  /**
   * Resolves when the platform holds nothing of what was sent, as far as it tells: `bufferedAmount` is 0, or a stream has taken every write. That is
   * not delivery.
   * @throws {SendError} `NOT_OPEN` when the channel ended before, or has ended. The signal's reason.
   */
  drained(options?: AbortOptions | null): Promise<void>;

  /** Counts since the channel was made. */
  stats(): ChannelStats;

  /**
   * The values received, after {@link opened}, whose error it throws. It ends after a clean close with 1000 or without a code (1005), and after your
   * own `close`, `abort`, `break` or signal. Every other end throws {@link ChannelClosedError}, after every message that came before: 1001, 1011, a
   * code of the application, a lost connection, a limit of ours. `break` closes with 1000 and does not wait for the peer. A message that cannot be decoded or that the
   * schema refuses throws {@link DecodeError}, and a new loop goes on after it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Receive>;

  /** Closes with 1000 and waits for the end: `await using channel = new Channel(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The class of {@link Channel}. The codec decides its types: `new Channel<ToServer, ToClient>(url, { codec: 'json' })`. */
export interface ChannelConstructor {
  /** Every channel is one of these. */
  readonly prototype: Channel<never, unknown>;

  /**
   * Begins to connect. {@link Channel.close}, {@link Channel.abort} and the option `signal` give it up.
   * @param url `ws`, `wss`, `http` or `https`; relative to the page's own; or a function that gives it.
   * @param options Each has a default. Without a codec a channel sends and receives text and bytes.
   * @throws {TypeError} for a URL that is null or undefined and for an option that is not what it must be. Everything else is told by
   * {@link Channel.opened}.
   * @throws {PlatformError} where there is no WebSocket to stand on, or no wasm.
   */
  new <Name extends keyof FixedCodecs = 'raw'>(
    url: Provider<string | URL>,
    options?: (ConnectionOptions & FixedCodecOption<Name> & NoSchema) | null,
  ): Channel<FixedCodecs[Name]['send'], FixedCodecs[Name]['receive']>;
  /** Begins to connect. Text and bytes are sent; what is received is what the schema makes of them. */
  new <Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & FixedCodecOption<'raw'> & SchemaOption<Receive>,
  ): Channel<string | Bytes, Receive>;
  /** Begins to connect. Text is sent; what is received is what the schema makes of it. */
  new <Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & FixedCodecOption<'text'> & SchemaOption<Receive>,
  ): Channel<string, Receive>;
  /** Begins to connect. Bytes are sent; what is received is what the schema makes of them. */
  new <Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & FixedCodecOption<'bytes'> & SchemaOption<Receive>,
  ): Channel<Bytes, Receive>;
  /** Begins to connect. What is sent is what your codec takes; what is received is what the schema makes of its values. */
  new <Send, Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & CodecOption<Codec<Send, unknown>> & SchemaOption<Receive>,
  ): Channel<Send, Receive>;
  /** Begins to connect, with the types that you name. They have to fit the codec `"raw"`. */
  new <Send, Receive>(
    url: Provider<string | URL>,
    ...options: [Send, RawMessage] extends [string | Bytes, Receive] ? [options?: ConnectionOptions | null] : [options: never]
  ): Channel<Send, Receive>;
  /** Begins to connect, with the types that you name, or those of your codec. */
  new <Send, Receive = unknown>(url: Provider<string | URL>, options: ChannelOptions<Send, Receive>): Channel<Send, Receive>;
}

/** Makes channels: see {@link ChannelConstructor}. */
export const Channel: ChannelConstructor;

/**
 * Every error of the package has a stable `code`, the same as Rust's. Itself it is only thrown with `INTERNAL`: an error inside of the package has
 * ended its connections; a new one works.
 */
export class ChannelError extends Error {
  /** Only the package makes errors. */
  protected constructor(internal: never);
  /** What happened, for programs; `message` is for people. */
  readonly code: string;
}

/** Why a channel did not open. */
export class ConnectError extends ChannelError {
  /** Only the package makes errors. */
  private constructor(internal: never);
  /**
   * The caller's fault: `BAD_URL`, `URL_FRAGMENT`, `BAD_PROTOCOL`, `DUPLICATE_PROTOCOL`, and `PROVIDER_FAILED`, a function that gives URL or
   * subprotocols, whose exception is the `cause`. The platform would not even try: `REFUSED`; it has not the {@link TransportKind}: `UNSUPPORTED`.
   * `TIMED_OUT` after `connectTimeoutMs`. `CONNECT_FAILED`: browsers hide why; what Deno and Bun say is in the message, and in `cause` where they
   * have an error. Node from 26 fails so where a server offers WebSockets over HTTP/2 (RFC 8441): give the option `WebSocket` another client. `SUBPROTOCOL`: the server chose none of those offered, and the platform opened all the same. `CANCELLED` by `close` or `abort` before it was open; in
   * {@link ChannelStatus.reason} also by the signal, whose reason is the `cause`.
   */
  readonly code:
    | 'BAD_URL'
    | 'URL_FRAGMENT'
    | 'BAD_PROTOCOL'
    | 'DUPLICATE_PROTOCOL'
    | 'REFUSED'
    | 'UNSUPPORTED'
    | 'TIMED_OUT'
    | 'CONNECT_FAILED'
    | 'CANCELLED'
    | 'PROVIDER_FAILED'
    | 'SUBPROTOCOL'
    | 'INTERNAL';
  /** The likely cause where the platform tells none: a guess for people, not for programs. Otherwise null. */
  readonly hint: 'offline' | 'mixed-content' | 'content-security-policy' | null;
}

/** Why a value was not sent. */
export class SendError<out Send = unknown> extends ChannelError {
  /** Only the package makes errors. */
  private constructor(internal: never);
  /**
   * `NOT_OPEN`: closing, closed, or it did not open, and `cause` says why. `ENCODE_FAILED`: the codec threw the `cause`. `SEND_REFUSED`: the platform
   * refused this one, or it is too large for {@link TransportKind}.
   */
  readonly code: 'NOT_OPEN' | 'ENCODE_FAILED' | 'SEND_REFUSED' | 'INTERNAL';
  /** The value, unsent. */
  readonly value: Send;
}

/** A message that the codec could not read (`DECODE_FAILED`) or the schema did not accept (`SCHEMA_FAILED`). The channel goes on. */
export class DecodeError extends ChannelError {
  /** Only the package makes errors. */
  private constructor(internal: never);
  /** Which of the two. `cause` is what the codec or the schema threw. */
  readonly code: 'DECODE_FAILED' | 'SCHEMA_FAILED';
  /** The message as it came. */
  readonly raw: RawMessage;
  /** What the schema said; undefined where it threw, and for the codec. */
  readonly issues: readonly SchemaIssue[] | undefined;
}

/** Arguments that `close` does not take. */
export class CloseError extends ChannelError {
  /** Only the package makes errors. */
  private constructor(internal: never);
  /** Neither 1000 nor 3000-4999, or more than 123 bytes. */
  readonly code: 'BAD_CLOSE_CODE' | 'LONG_CLOSE_REASON';
}

/** The end of a channel where messages may be missing: thrown where values are read. */
export class ChannelClosedError extends ChannelError {
  /** Only the package makes errors. */
  private constructor(internal: never);
  /**
   * `MESSAGE_TOO_BIG`: a message exceeded `maxMessageBytes`, and the channel closed with 3009. `RECEIVE_BUFFER_FULL`: unread messages exceeded
   * `receiveBufferBytes`, and it closed with 3013. `CHANNEL_CLOSED`: every other end.
   */
  readonly code: 'CHANNEL_CLOSED' | 'MESSAGE_TOO_BIG' | 'RECEIVE_BUFFER_FULL';
  /** How it ended, as {@link Channel.closed} tells. */
  readonly closed: CloseInfo;
}

/** What the package stands on is not here: no `WebSocket`, wasm is not allowed, or `./slim` was not given any. */
export class PlatformError extends ChannelError {
  /** Only the package makes errors. */
  private constructor(internal: never);
  /** Which of these. For `WASM_REFUSED`, `cause` is what the platform threw. */
  readonly code: 'NO_WEBSOCKET' | 'WASM_REFUSED' | 'NOT_INITIALIZED';
}

/** The code that decides, as WebAssembly or as JavaScript. It is opaque: only {@link prepare} takes one. */
export interface Core {
  /** Makes the exports of an instance from its imports. */
  instantiate(imports: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Optional: resolves when connections can be made here. Call it before the first construction to have a fallback where WebAssembly is refused:
 * `await prepare({ fallback: () => import('websocket-channel/no-wasm') })`. The import runs only there, so nobody else downloads it.
 * @param options.fallback Gives a module with a `core`. Default none.
 * @throws {PlatformError} where there is no WebSocket, or WebAssembly is refused and there is no fallback. What `fallback` throws is thrown on.
 */
export function prepare(options?: { fallback?: () => Promise<{ readonly core: Core }> }): Promise<void>;

// What is not marked as exported above is not.
export {};
