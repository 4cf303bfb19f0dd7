/// <reference lib="esnext.disposable" />

/**
 * A drop-in `WebSocket`: every member of the standard class (WHATWG WebSockets §3.1), and `postMessage`, the 2009 name of `send`. It has the
 * platform's limits; {@link Channel} has limits of memory and time. An error inside the package ends it with an `error` event, whose `error` is a
 * {@link ChannelError} with the code `INTERNAL`, and then `close` with 1006 and the reason `INTERNAL`.
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
   * Starts to connect. `close()` cancels it.
   * @param url `ws`, `wss`, `http` or `https`; relative to the page's URL.
   * @param protocols Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1). Default none.
   * @param options Options that the standard class does not have. Default none.
   * @throws {DOMException} `SyntaxError` for a bad URL, a URL with a fragment, and bad or duplicate subprotocols.
   * @throws {TypeError} if `options` is not an object, `connectTimeoutMs` is not a number or is negative, `WebSocket` is not a class, or `reconnect` is
   *   wrong.
   * @throws {PlatformError} if there is no `WebSocket` here, or wasm is not allowed.
   */
  constructor(url: string | URL, protocols?: string | string[], options?: WebSocketOptions | null);
  /**
   * The same, and connects again after a drop: see {@link ReconnectOptions}. The URL and the subprotocols may be functions, which are called for each
   * attempt. Constant ones are checked here, as without the option.
   * @throws {TypeError} naming the option of the wrong type.
   */
  constructor(
    url: Provider<string | URL>,
    protocols: Provider<string | readonly string[] | null | undefined>,
    options: Omit<WebSocketOptions, 'reconnect'> & { reconnect: true | ReconnectOptions },
  );

  /** The same as the constant of the class. */
  readonly CONNECTING: 0;
  /** The same as the constant of the class. */
  readonly OPEN: 1;
  /** The same as the constant of the class. */
  readonly CLOSING: 2;
  /** The same as the constant of the class. */
  readonly CLOSED: 3;

  /** The URL after parsing, as the platform serializes it. */
  readonly url: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. With the option `reconnect` it is 0 between two connections. */
  readonly readyState: 0 | 1 | 2 | 3;
  /**
   * Payload bytes sent that have not reached the network. Messages sent after the end are counted too, and never sent. With the option `reconnect` it
   * counts the queue; what a lost connection had not sent is in the event `reconnecting` instead.
   */
  readonly bufferedAmount: number;
  /** The extensions in use; empty before `open`, and if there are none. */
  readonly extensions: string;
  /** The subprotocol in use; empty before `open`, and if there is none. */
  readonly protocol: string;
  /** The type of binary messages: `Blob` or `ArrayBuffer`. Default `"blob"`; any other value is ignored. */
  binaryType: BinaryType;

  // `this` has the standard class's type, so that this class fits wherever that one did.
  /** Called when the connection is open. Default null. */
  onopen: ((this: globalThis.WebSocket, event: Event) => unknown) | null;
  /** Called for each message: `data` is a string, or has the type of {@link binaryType}. Default null. */
  onmessage: ((this: globalThis.WebSocket, event: MessageEvent) => unknown) | null;
  /** Called when the connection failed, before `close`; browsers hide the cause. Default null. */
  onerror: ((this: globalThis.WebSocket, event: Event) => unknown) | null;
  /** Called with the option `reconnect` when the connection was lost, or an attempt failed, and another attempt follows. Default null. */
  onreconnecting: ((this: WebSocket, event: ReconnectingEvent) => unknown) | null;
  /** Called at the end, with `code`, `reason` and `wasClean`. Default null. */
  onclose: ((this: globalThis.WebSocket, event: CloseEvent) => unknown) | null;

  /**
   * Hands a message to the platform, however much it holds already: see {@link bufferedAmount}. After the first sign of an end it does nothing,
   * silently, as the standard says; {@link Channel.send} reports it.
   *
   * With the option `reconnect` a message that is sent while no connection is open waits for the next one: {@link ReconnectOptions.whileDisconnected}.
   * @throws {DOMException} `InvalidStateError` before `open`.
   * @throws {SendError} `QUEUE_FULL` with the option `reconnect`, if the message exceeds `maxQueuedBytes`.
   */
  send(data: string | Blob | BufferSource): void;
  /**
   * The same as {@link send}, which had this name in 2009.
   * @throws {DOMException} `InvalidStateError` before `open`.
   */
  postMessage(data: string | Blob | BufferSource): void;
  /**
   * Starts to close, or cancels connecting; a second call does nothing. Messages that arrive later are discarded. The only time limit is the
   * platform's, and Chromium, Node and Deno have none: if the peer does not answer, `close` may never be fired, and Node and Deno do not exit.
   * @param code 1000 or 3000-4999. Default: none is sent, which the peer sees as 1005.
   * @param reason At most 123 bytes of UTF-8. Default empty.
   * @throws {DOMException} `InvalidAccessError` for another code, `SyntaxError` for a longer reason. Then nothing has happened.
   */
  close(code?: number, reason?: string): void;
  /**
   * With the option `reconnect`: connects at once, and counts attempts from 1 again. An open connection is closed first. A waiting attempt begins now.
   * An attempt that is under way continues. After the end, or after `close()`, it connects again, with an empty queue.
   * @param code The code for the connection that is open. Default 1000.
   * @param reason At most 123 bytes of UTF-8. Default empty.
   * @throws {DOMException} `InvalidStateError` without the option, and as {@link close}.
   */
  reconnect(code?: number, reason?: string): void;

  /** Calls `listener` for each event of the type, until it is removed or its `signal` aborts. */
  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  /** Stops calling `listener`. */
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
   * Fails the connection, with `error` and `close`, if it is not open within this many milliseconds. Default 0: no limit, as in the standard. Values
   * above 2,147,483,647 count as that.
   */
  connectTimeoutMs?: number | null | undefined;
  /**
   * The class to connect with: a test double, or another implementation. Default: `globalThis.WebSocket` when the constructor is called. If that is
   * this package's class: the one that was there when the package was imported.
   */
  WebSocket?: WebSocketClass | null | undefined;
  /**
   * Connects again after a drop. `true` is the default policy. Default `false`. With it `connectTimeoutMs` is 20,000 by default, and limits each
   * attempt, including functions that return the URL.
   */
  reconnect?: boolean | ReconnectOptions | null | undefined;
}

/**
 * How the class {@link WebSocket} connects again. `null` and `undefined` mean the default.
 *
 * Every end of a connection is followed by another attempt, whatever its code, because servers and proxies restart with 1000, 1001, 1006, 1011 and
 * 1012. So does a first attempt that fails. `open` is fired for each connection, `reconnecting` before each attempt after the first, and `close` once:
 * after `close()`, on one of `finalCodes`, if `shouldReconnect` returns false, and at a limit. `error` is fired before `close` only, and not after
 * `close()`.
 *
 * What a connection had been given and was lost with it is not sent again, and nothing tells what the peer sent meanwhile: for that, use a session.
 */
export interface ReconnectOptions extends ReconnectPolicy {
  /**
   * What happens to a message that is sent while no connection is open, also before the first. `"hold"`, the default: it waits for the next connection,
   * which sends it before `open` is fired, in order. `"drop"`: it is dropped. `"throw"`: `InvalidStateError`, as without the option.
   */
  whileDisconnected?: 'hold' | 'drop' | 'throw' | null | undefined;
  /**
   * Bytes that wait for the next connection; each message counts its payload plus 32 bytes. Then `send` throws a {@link SendError} with the code
   * `QUEUE_FULL`. Default 1,048,576; with 0 it always throws.
   */
  maxQueuedBytes?: number | null | undefined;
  /** Whether the socket begins in the state CLOSED, and connects when {@link WebSocket.reconnect} is called. Default `false`. */
  startClosed?: boolean | null | undefined;
}

/**
 * When to connect again. The delay before an attempt is random ("full jitter"), so that the clients of a restarting server do not all return at the
 * same moment: 0 to `spreadMs` before the first, and 0 to `baseDelayMs` if the page or the machine itself caused the loss. Before attempt *n* it is
 * between half and all of `baseDelayMs` × 2ⁿ⁻¹, which is at most `maxDelayMs` and at least `spreadMs`.
 *
 * In pages the next attempt is made at once when the page becomes visible, when the network is back, and when the page returns from a freeze or from the
 * back/forward cache. While the browser says that it is offline, attempts are delayed by up to `maxDelayMs`. There is never more than one at a time.
 */
export interface ReconnectPolicy {
  /** The bound of the first delay, which doubles with each failure. Default 250. */
  baseDelayMs?: number | null | undefined;
  /** The largest bound. Default 30,000. */
  maxDelayMs?: number | null | undefined;
  /** The time over which clients spread when all of them lose their connections at once. Default 1,000; with 0 the first attempt is made at once. */
  spreadMs?: number | null | undefined;
  /** How long a connection must stay open to be stable: then counting attempts starts again. Default 5,000; with 0 every connection is stable. */
  stableAfterMs?: number | null | undefined;
  /** The largest number of attempts in a row. Default `Infinity`; with 0 it never connects again. */
  maxAttempts?: number | null | undefined;
  /** How long after the loss attempts may begin. Default `Infinity`; with 0 it never connects again. */
  maxElapsedMs?: number | null | undefined;
  /** Close codes of the server after which it does not connect again, for example "logged out". Default none. */
  finalCodes?: readonly number[] | null | undefined;
  /**
   * Called when a connection ended or an attempt failed, with the `CloseEvent` of that end. If it returns `false`, there is no further attempt. An
   * exception is reported like one of a listener, and the policy decides. Default: the policy decides.
   */
  shouldReconnect?: ((event: CloseEvent) => boolean) | null | undefined;
}

/** Why there is another attempt. */
export type ReconnectReason =
  /** The connection ended with this code; 1006 if there was none. Its platform still had `unsentBytes`, which are lost. */
  | {
      readonly type: 'closed';
      readonly code: number;
      readonly reason: string;
      readonly wasClean: boolean;
      readonly unsentBytes: number;
    }
  /** The previous attempt failed; the codes are those of {@link Channel.opened}. */
  | { readonly type: 'failed'; readonly error: ConnectError }
  /** The page was frozen, or in the back/forward cache. Browsers cut its sockets for that. */
  | { readonly type: 'restored' }
  /** {@link WebSocket.reconnect}. */
  | { readonly type: 'requested' };

/** The event `reconnecting`. */
export interface ReconnectingEvent extends Event {
  /** The number of the next attempt since the last stable connection, from 1. */
  readonly attempt: number;
  /** The delay before it, in milliseconds. */
  readonly delayMs: number;
  /** Why there is another attempt. */
  readonly reason: ReconnectReason;
}

/** A class with the members of the standard `WebSocket`. Without `onopen` and the others it has to be an `EventTarget`. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => object;

/** The events of {@link WebSocket}. */
export interface WebSocketEventMap {
  /** The connection is open. */
  open: Event;
  /** A message arrived. */
  message: MessageEvent;
  /** The connection failed; `close` follows, unless a policy forbade connecting. */
  error: Event;
  /** With the option `reconnect`: the connection was lost, or an attempt failed, and another attempt follows. */
  reconnecting: ReconnectingEvent;
  /** The end, after every message that came before. */
  close: CloseEvent;
}

/** A message before the codec decodes it: text, or bytes. */
export type RawMessage = string | Uint8Array<ArrayBuffer>;

/** Bytes to send. Shared memory and memory that can grow are copied first, which the platform's own `send` refuses to take. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Encodes values as messages and decodes them. An exception concerns one value: the channel continues. */
export interface Codec<in Send, out Receive> {
  /**
   * Returns the message that carries `value`: text, or bytes, which are copied before {@link Channel.send} returns. An exception becomes
   * `ENCODE_FAILED`.
   */
  readonly encode: (value: Send) => string | Bytes;
  /** Returns the value that `message` carries. The peer decides whether it is text or bytes. An exception becomes `DECODE_FAILED`. */
  readonly decode: (message: RawMessage) => Receive;
}

/** The part of a [Standard Schema](https://standardschema.dev) that a channel uses. Zod, Valibot, ArkType and others have it. */
export interface StandardSchema<out Output> {
  /** The standard's property; a channel calls `validate`. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The result of a schema: a value, or its issues. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One problem of a value. */
export interface SchemaIssue {
  /** The schema's text. */
  readonly message: string;
  /** Where in the value, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** One attempt to connect, as passed to a function that returns the URL or the subprotocols. */
export interface Attempt {
  /** The number of the attempt, from 1. With `reconnect` counting starts again after each loss of a stable connection. */
  readonly number: number;
  /** Why the class `WebSocket` makes another attempt; null the first time, and for channels. */
  readonly reason: ReconnectReason | null;
  /** Aborts at the time limit, or when the channel is closed. */
  readonly signal: AbortSignal;
}

/** A value, or a function that returns it for each attempt, for example a URL with a fresh token. */
export type Provider<T> = T | ((attempt: Attempt) => T | Promise<T>);

/**
 * What happens to a message that arrives past `receiveBufferBytes`, without receive backpressure. `"close"`, the default, closes with 3013; earlier
 * messages can still be read. The others drop, and {@link ChannelStatus.droppedMessages} counts: `"drop-oldest"` the oldest unread message,
 * `"drop-newest"` the one that arrived, `"latest"` all but the newest, even below the limit.
 */
export type Overflow = 'close' | 'drop-oldest' | 'drop-newest' | 'latest';

/**
 * Which of a browser's two sockets carries a channel.
 *
 * - `"websocket"`: `WebSocket`, which is everywhere. It has no receive backpressure: past `receiveBufferBytes` {@link Overflow} decides.
 * - `"auto"`: `WebSocketStream`, with receive backpressure, where the platform has it (Chromium; Deno with `--unstable-net`), otherwise `WebSocket`.
 * - `"websocket-stream"`: `WebSocketStream`, or `UNSUPPORTED`. It is in no standard yet.
 *
 * If reading of a stream has stopped at `receiveBufferBytes`, the end is reported, also by {@link Channel.closed}, after the messages before it were
 * read.
 *
 * Use a stream to receive much and send little, with peers that you trust. Chromium 156 has a defect that can end the page. Because of it a message
 * over 64 KiB is `SEND_REFUSED`. `"websocket"` is not affected.
 */
export type TransportKind = 'websocket' | 'auto' | 'websocket-stream';

/** How to connect, and the limits of the connection. Each name contains its unit; `null` and `undefined` mean the default. */
export interface ConnectionOptions {
  /**
   * Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1), or a function that returns them. Default none. If the server chooses none
   * of them, `opened` rejects: with `CONNECT_FAILED` if the platform fails the connection itself (Chromium, Node, Bun), otherwise with `SUBPROTOCOL`.
   */
  protocols?: Provider<string | readonly string[]> | null | undefined;
  /**
   * Cancels connecting: `opened` and reads reject with the signal's reason. Closes an open channel with 1000: reading ends, and unread messages are
   * discarded. Default none.
   */
  signal?: AbortSignal | null | undefined;
  /**
   * The class to connect with, as {@link WebSocketOptions.WebSocket}. With `transport: "auto"` it is used instead of a stream; `"websocket-stream"`
   * ignores it.
   */
  WebSocket?: WebSocketClass | null | undefined;
  /**
   * How long connecting may take, including functions that return the URL, in milliseconds. Then it fails with `TIMED_OUT`. Default 20,000; 0 is no
   * limit.
   */
  connectTimeoutMs?: number | null | undefined;
  /** How long the peer may take to answer our close, in milliseconds. Then the connection is dropped, with 1006. Default 10,000; 0 is no limit. */
  closeTimeoutMs?: number | null | undefined;
  /** Which of the platform's sockets to use. Default `"websocket"`. */
  transport?: TransportKind | null | undefined;
  /**
   * A `send` waits while the platform holds this many unsent bytes or more. Over `WebSocketStream`: bytes that were written and not taken. Default
   * 1,048,576; with 0 it waits until everything is out.
   */
  sendHighWaterMarkBytes?: number | null | undefined;
  /**
   * Bytes of unread messages; each counts its payload plus 32 bytes. Default 67,108,864. With 0 none is kept: with `overflow: "close"` the first
   * message closes the channel. A `WebSocketStream` is not read past it, so the peer waits; with 0 it stops after each message.
   */
  receiveBufferBytes?: number | null | undefined;
  /**
   * What happens past `receiveBufferBytes`, except over `WebSocketStream`. Default `"close"`: close with 3013. `"drop-oldest"` and `"drop-newest"`
   * drop and count; `"latest"` keeps the newest message only, even below the limit.
   */
  overflow?: Overflow | null | undefined;
  /** The largest message accepted, in bytes. Default 67,108,864; 0 accepts empty ones only. A larger one closes the channel with 3009. */
  maxMessageBytes?: number | null | undefined;
}

/** The types that these codecs send and receive. */
export interface FixedCodecs {
  /** Text and bytes, as they are: the default. */
  raw: { send: string | Bytes; receive: RawMessage };
  /** Text only. */
  text: { send: string; receive: string };
  /** Bytes only. */
  bytes: { send: Bytes; receive: Uint8Array<ArrayBuffer> };
}

/**
 * The names of the codecs. `"json"`: any value of `JSON.stringify`, as text. `"text"`: strings. `"bytes"`: bytes, received as `Uint8Array`. `"raw"`:
 * text and bytes, unchanged. `"messagepack"`: available after importing `websocket-channel/messagepack`.
 */
export type CodecName = keyof FixedCodecs | 'json' | 'messagepack';

/**
 * The options of a channel. With `"json"` and `"messagepack"` you name the types; the codecs of {@link FixedCodecs} have theirs; a codec of your own
 * has its own. With a schema you receive what the schema returns.
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
  /** How values become messages: a name, or a codec of your own. Default `"raw"`: strings and bytes, unchanged. */
  codec: Codec;
}

/** The name of a codec that fixes the types; `"raw"` may be left out. */
type FixedCodecOption<Name extends keyof FixedCodecs> = 'raw' extends Name
  ? Partial<CodecOption<Name | null | undefined>>
  : CodecOption<Name>;

interface SchemaOption<Receive> {
  /**
   * Checks every received value after the codec. You receive what it returns; a value that it rejects is `SCHEMA_FAILED`. Default none: types are
   * claimed, not checked.
   */
  schema: StandardSchema<Receive>;
}

interface NoSchema {
  /** None: types are claimed, not checked. */
  schema?: null | undefined;
}

/** `Send` has to be what the codec accepts, or part of it. Without a schema `Receive` has to be what the codec returns, or wider. */
type FixedOptions<Name extends keyof FixedCodecs, Send, Receive> = [Send] extends [FixedCodecs[Name]['send']]
  ? FixedCodecOption<Name> & (SchemaOption<Receive> | ([FixedCodecs[Name]['receive']] extends [Receive] ? NoSchema : never))
  : never;

/** The result of the handshake. */
export interface OpenInfo {
  /** The subprotocol that the server chose; empty if none (RFC 6455 §4.2.2). */
  readonly protocol: string;
  /** The extensions in use, as the platform reports them; empty if there are none. */
  readonly extensions: string;
}

/** How a channel ended. */
export interface CloseInfo {
  /** The peer's code (RFC 6455 §7.4); 1005 if it sent none, 1006 if the connection was lost or never opened. */
  readonly code: number;
  /** The peer's reason, at most 123 bytes of UTF-8; empty if it sent none. */
  readonly reason: string;
  /** Whether the closing handshake finished (RFC 6455 §7.1.4). */
  readonly wasClean: boolean;
  /**
   * Which side began to close. `"local"` includes your limits, `break` and signals. `"unknown"`: the peer or the browser, for a clean 1001 without a
   * reason. Firefox closes a page's sockets with it when the user follows a download link or calls `window.stop()`, and the page stays.
   */
  readonly by: 'local' | 'remote' | 'error' | 'unknown';
  /** Payload bytes that `trySend` accepted but that could not be handed over. Without a session 0: there it hands over at once. */
  readonly unsentBytes: number;
}

/** The state of a channel. It only moves forward. */
export type ChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/**
 * The status of a channel: live values, and a `change` event for each change of `state`, dispatched in a microtask after it. A listener does not keep
 * an unused channel alive.
 */
export interface ChannelStatus extends EventTarget {
  /** The current state. */
  readonly state: ChannelState;
  /** How the channel closed, or the error if it never opened. Otherwise null. */
  readonly reason: CloseInfo | ChannelError | null;
  /** Bytes of unread messages, as they count against `receiveBufferBytes`; 0 before open. */
  readonly queuedBytes: number;
  /** Messages that `overflow` has dropped so far. */
  readonly droppedMessages: number;
  /**
   * Whether the peer has to wait if nothing is read: true over `WebSocketStream`. If false, as before open, {@link Overflow} decides what happens
   * past `receiveBufferBytes`.
   */
  readonly receiveBackpressure: boolean;
  /** The current attempt, or the one that succeeded. Without a session 1. */
  readonly attempt: number;
  /** When the next attempt starts, in milliseconds since the epoch. Without a session null. */
  readonly nextRetryAt: number | null;
  /** Whether this connection continues an earlier one. Without a session false. */
  readonly resumed: boolean;
  /** The last measured round-trip time, in milliseconds. Without a session null. */
  readonly roundTripMs: number | null;

  /** Calls `listener` after each change of {@link state}; `this` and `event.target` are the status. */
  addEventListener(
    type: 'change',
    listener: (this: ChannelStatus, event: Event) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** Options of a wait that can be cancelled. */
export interface AbortOptions {
  /** Aborting it ends the wait, which rejects with the signal's reason: by default an `AbortError`, as with `fetch`. Default none. */
  signal?: AbortSignal | null | undefined;
}

/** Counters since the channel was created. */
export interface ChannelStats {
  /** Messages handed over to the platform. */
  readonly sentMessages: number;
  /** Messages that arrived, read or not. */
  readonly receivedMessages: number;
  /** Unread messages. */
  readonly queuedMessages: number;
  /** Bytes of unread messages, as they count against `receiveBufferBytes`. */
  readonly queuedBytes: number;
  /** Messages that `overflow` dropped. */
  readonly droppedMessages: number;
  /** Payload bytes that the platform holds unsent, as it reports; 0 before open and over `WebSocketStream`. In WebKitGTK always 0. */
  readonly bufferedAmount: number;
}

/**
 * A typed channel: send values of `Send`, iterate over values of `Receive`.
 *
 * It starts to connect when it is created. It closes when it is no longer referenced and nothing waits for its next value.
 */
export interface Channel<in Send = FixedCodecs['raw']['send'], out Receive = RawMessage> extends AsyncIterable<Receive> {
  /**
   * Resolves when the channel is open. Rejects with a {@link ConnectError} within `connectTimeoutMs`, or with the reason of the option `signal`.
   * Without a listener it does not become an unhandled rejection.
   */
  readonly opened: Promise<OpenInfo>;
  /** Resolves when the channel has closed, and never rejects. A channel that did not open has the code 1006. */
  readonly closed: Promise<CloseInfo>;
  /** The status as live values and events. */
  readonly status: ChannelStatus;
  /**
   * The received values as a stream; nothing is read ahead. Cancelling it closes the channel with 1000 without waiting for the peer. It errors where
   * the iterator throws, and then permanently: to continue after a {@link DecodeError}, iterate.
   */
  readonly readable: ReadableStream<Receive>;
  /**
   * A stream that sends: it accepts values one at a time and waits, as {@link send} does. Closing it closes the channel with 1000 and waits for the
   * end. Aborting it cancels a waiting write, which then sends nothing, and closes the channel with 1000. When the channel ends it errors with a
   * {@link ChannelClosedError}.
   */
  readonly writable: WritableStream<Send>;

  /**
   * Sends a value as it is at the call. Waits until the channel is open and while the send buffer is full; resolves when the platform took the
   * message.
   *
   * That means handed over, not delivered: WebKitGTK takes everything at once, whatever the peer reads. A `signal` cancels the wait: then it rejects
   * with the signal's reason, and nothing was sent.
   *
   * A page that returns from the back/forward cache finds its channels closed. After a freeze (`resume`) a send waits 100 ms, until the platform has
   * reported whether the connection survived.
   * @throws {SendError} with the value, if it cannot be encoded, or if the channel has ended or did not open (`cause` says why).
   */
  send(value: Send, options?: AbortOptions | null): Promise<void>;

  /**
   * Sends a value without waiting. Returns true if it was accepted, false before open and while the send buffer is full. If an accepted value cannot
   * be handed over, {@link CloseInfo.unsentBytes} counts it.
   * @throws {SendError} with the value, if it cannot be encoded, or if the channel is closing, closed or did not open.
   */
  trySend(value: Send): boolean;

  /**
   * Starts to close during the call: nothing that is sent later goes out. Resolves like {@link closed}, at the latest after `closeTimeoutMs`.
   *
   * Messages that arrived before can still be read; later ones are discarded, as browsers do. While connecting it cancels at once: `opened` rejects
   * with `CANCELLED`. A `signal` cancels the wait for the peer: then the channel ends at once, and this rejects with the signal's reason. On a
   * channel that is closing it only waits.
   * @param code 1000 or 3000-4999. Default 1000.
   * @param reason At most 123 bytes of UTF-8. Default empty.
   * @throws {CloseError} for a code other than 1000 and 3000-4999, or a reason over 123 bytes. Then nothing has happened.
   */
  close(code?: number, reason?: string, options?: AbortOptions | null): Promise<CloseInfo>;

  /** Ends at once: closes without waiting for the peer, and discards unread messages. While connecting, `opened` rejects with `CANCELLED`. */
  abort(): void;

  /**
   * Resolves when every earlier {@link send} was handed over to the platform, or has failed.
   * @throws {SendError} `NOT_OPEN` if the channel ended before, or has ended. The signal's reason.
   */
  flush(options?: AbortOptions | null): Promise<void>;

  /**
   * Resolves when the platform reports nothing unsent: `bufferedAmount` is 0, or a stream has taken every write. That is not delivery.
   * @throws {SendError} `NOT_OPEN` if the channel ended before, or has ended. The signal's reason.
   */
  drained(options?: AbortOptions | null): Promise<void>;

  /** Counters since the channel was created. */
  stats(): ChannelStats;

  /**
   * The received values. Starts after {@link opened}, and throws its error.
   *
   * It ends after a clean close with 1000 or without a code (1005), and after your own `close`, `abort`, `break` or signal. Any other end throws
   * {@link ChannelClosedError}, after all messages that arrived before: 1001, 1011, an application's code, a lost connection, a limit of yours.
   * `break` closes with 1000 without waiting for the peer. A message that cannot be decoded, or that the schema rejects, throws {@link DecodeError};
   * a new loop continues after it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Receive>;

  /** Closes with 1000 and waits for the end: `await using channel = new Channel(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The class of {@link Channel}. The codec decides its types: `new Channel<ToServer, ToClient>(url, { codec: 'json' })`. */
export interface ChannelConstructor {
  /** The type of every channel. */
  readonly prototype: Channel<never, unknown>;

  /**
   * Starts to connect. {@link Channel.close}, {@link Channel.abort} and the option `signal` cancel it.
   * @param url `ws`, `wss`, `http` or `https`, relative to the page's URL; or a function that returns it.
   * @param options Each has a default. Without a codec a channel sends and receives text and bytes.
   * @throws {TypeError} if the URL is null or undefined, or an option is invalid. {@link Channel.opened} reports everything else.
   * @throws {PlatformError} if there is no `WebSocket` here, or wasm is not allowed.
   */
  new <Send, Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & CodecOption<Codec<Send, Receive>> & NoSchema,
  ): Channel<Send, Receive>;
  /** Starts to connect. Sends and receives the types of the codec that is named. */
  new <Name extends keyof FixedCodecs = 'raw'>(
    url: Provider<string | URL>,
    options?: (ConnectionOptions & FixedCodecOption<Name> & NoSchema) | null,
  ): Channel<FixedCodecs[Name]['send'], FixedCodecs[Name]['receive']>;
  /** Starts to connect. Sends text and bytes; receives what the schema returns. */
  new <Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & FixedCodecOption<'raw'> & SchemaOption<Receive>,
  ): Channel<string | Bytes, Receive>;
  /** Starts to connect. Sends text; receives what the schema returns. */
  new <Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & FixedCodecOption<'text'> & SchemaOption<Receive>,
  ): Channel<string, Receive>;
  /** Starts to connect. Sends bytes; receives what the schema returns. */
  new <Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & FixedCodecOption<'bytes'> & SchemaOption<Receive>,
  ): Channel<Bytes, Receive>;
  /** Starts to connect. Sends what your codec accepts; receives what the schema returns. */
  new <Send, Receive>(
    url: Provider<string | URL>,
    options: ConnectionOptions & CodecOption<Codec<Send, unknown>> & SchemaOption<Receive>,
  ): Channel<Send, Receive>;
  /** Starts to connect, with the types that you name. They have to fit the codec `"raw"`. */
  new <Send, Receive>(
    url: Provider<string | URL>,
    ...options: [Send, RawMessage] extends [string | Bytes, Receive] ? [options?: ConnectionOptions | null] : [options: never]
  ): Channel<Send, Receive>;
  /** Starts to connect, with the types that you name, or those of your codec. */
  new <Send, Receive = unknown>(url: Provider<string | URL>, options: ChannelOptions<Send, Receive>): Channel<Send, Receive>;
}

/** Creates channels: see {@link ChannelConstructor}. */
export const Channel: ChannelConstructor;

/**
 * Every error of the package has a stable `code`, the same as in Rust. This class itself is thrown with `INTERNAL` only: an error inside the package
 * closed its connections; new ones work.
 */
export class ChannelError extends Error {
  /** Only the package creates errors. */
  protected constructor(internal: never);
  /** What happened, for programs; `message` is for people. */
  readonly code: string;
}

/** Why a channel did not open. */
export class ConnectError extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /**
   * - `BAD_URL`, `URL_FRAGMENT`, `BAD_PROTOCOL`, `DUPLICATE_PROTOCOL`: a mistake in the arguments.
   * - `PROVIDER_FAILED`: the function that returns the URL or the subprotocols threw the `cause`.
   * - `REFUSED`: the platform did not try. `UNSUPPORTED`: it does not have the {@link TransportKind}.
   * - `TIMED_OUT`: not open within `connectTimeoutMs`.
   * - `CONNECT_FAILED`: connecting failed. Browsers hide why; what Deno and Bun report is in the message, and in `cause` if they have an error. Node
   *   from 26 can fail this way with servers that offer WebSockets over HTTP/2 (RFC 8441): set the option `WebSocket` to another client.
   * - `SUBPROTOCOL`: the server chose none of the offered subprotocols, and the platform opened the connection anyway.
   * - `NO_SESSION`, `SESSION_LATER`, `SESSION_REFUSED`: of `websocket-channel/session`. The server does not answer as one of sessions does, asks to
   *   retry later, or refuses.
   * - `CANCELLED`: `close` or `abort` was called before it was open; in {@link ChannelStatus.reason} also if the signal was aborted, with its reason
   *   as the `cause`.
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
    | 'NO_SESSION'
    | 'SESSION_LATER'
    | 'SESSION_REFUSED'
    | 'INTERNAL';
  /** The likely cause if the platform gives none. A guess for people, not for programs. Otherwise null. */
  readonly hint: 'offline' | 'mixed-content' | 'content-security-policy' | null;
}

/** Why a value was not sent. */
export class SendError<out Send = unknown> extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /**
   * `NOT_OPEN`: closing, closed, or it did not open (`cause` says why). `ENCODE_FAILED`: the codec threw the `cause`. `SEND_REFUSED`: the platform
   * refused this message, or it is too large for the {@link TransportKind}. `QUEUE_FULL`: {@link ReconnectOptions.maxQueuedBytes} of the class
   * `WebSocket`.
   */
  readonly code: 'NOT_OPEN' | 'ENCODE_FAILED' | 'SEND_REFUSED' | 'QUEUE_FULL' | 'INTERNAL';
  /** The value, unsent. */
  readonly value: Send;
}

/** A message that the codec could not decode (`DECODE_FAILED`) or the schema rejected (`SCHEMA_FAILED`). The channel continues. */
export class DecodeError extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /** Which of the two. `cause` is what the codec or the schema threw. */
  readonly code: 'DECODE_FAILED' | 'SCHEMA_FAILED';
  /** The message as it arrived. */
  readonly raw: RawMessage;
  /** The schema's issues; undefined if it threw, and for the codec. */
  readonly issues: readonly SchemaIssue[] | undefined;
}

/** Arguments that `close` does not accept. */
export class CloseError extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /** Neither 1000 nor 3000-4999, or more than 123 bytes. */
  readonly code: 'BAD_CLOSE_CODE' | 'LONG_CLOSE_REASON';
}

/** The end of a channel where messages may be missing. Thrown where values are read. */
export class ChannelClosedError extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /**
   * `MESSAGE_TOO_BIG`: a message exceeded `maxMessageBytes`, and the channel closed with 3009. `RECEIVE_BUFFER_FULL`: unread messages exceeded
   * `receiveBufferBytes`, and it closed with 3013. `CHANNEL_CLOSED`: every other end.
   */
  readonly code: 'CHANNEL_CLOSED' | 'MESSAGE_TOO_BIG' | 'RECEIVE_BUFFER_FULL';
  /** How it closed, as {@link Channel.closed} reports. */
  readonly closed: CloseInfo;
}

/** Something that the package needs is missing here: there is no `WebSocket`, wasm is not allowed, or `./slim` was not given any. */
export class PlatformError extends ChannelError {
  /** Only the package creates errors. */
  private constructor(internal: never);
  /** Which of these. For `WASM_REFUSED`, `cause` is what the platform threw. */
  readonly code: 'NO_WEBSOCKET' | 'WASM_REFUSED' | 'NOT_INITIALIZED';
}

/** The code inside, as WebAssembly or as JavaScript. Only {@link prepare} uses it. */
export interface Core {
  /** Creates the exports of an instance from its imports. */
  instantiate(imports: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Optional: resolves when connections can be made here. Call it before the first construction to have a fallback where WebAssembly is refused: `await
 * prepare({ fallback: () => import('websocket-channel/no-wasm') })`. The import runs only there, so nobody else downloads it.
 * @param options.fallback Returns a module with a `core`. Default none.
 * @throws {PlatformError} if there is no `WebSocket`, or WebAssembly is refused and there is no fallback. Errors of `fallback` are passed on.
 */
export function prepare(options?: { fallback?: () => Promise<{ readonly core: Core }> }): Promise<void>;

// Without this line every declaration above would be exported.
export {};
