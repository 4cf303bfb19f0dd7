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
   */
  constructor(url: string | URL, protocols?: string | string[], options?: WebSocketOptions | null);

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  readonly url: string;
  readonly readyState: 0 | 1 | 2 | 3;
  /** Payload bytes sent that have not reached the network. */
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  /** How binary messages come. Default `"blob"`. */
  binaryType: BinaryType;

  onopen: ((this: WebSocket, event: Event) => unknown) | null;
  onmessage: ((this: WebSocket, event: MessageEvent) => unknown) | null;
  onerror: ((this: WebSocket, event: Event) => unknown) | null;
  onclose: ((this: WebSocket, event: CloseEvent) => unknown) | null;

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
}

export interface WebSocketOptions {
  /** Fails the connection when it is not open within this many milliseconds. Default 0: never, as the standard. */
  connectTimeoutMs?: number;
}

export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: CloseEvent;
}

/** What a message is before a codec has read it. */
export type RawMessage = string | Uint8Array;

/** Turns values into messages and back. */
export interface Codec<Send, Receive> {
  encode(value: Send): string | BufferSource;
  decode(message: RawMessage): Receive;
}

export interface ChannelOptions<Send, Receive> {
  /** Subprotocols in order of preference. Default none. */
  protocols?: string | string[];
  /** How values become messages. Default `"raw"`: strings and bytes as they are. */
  codec?: 'json' | 'text' | 'bytes' | 'raw' | Codec<Send, Receive>;
  /** How long connecting may take, in milliseconds. Default 20,000; 0 is without end. */
  connectTimeoutMs?: number;
}

/** What the handshake settled. */
export interface Opened {
  protocol: string;
  extensions: string;
}

/** How a channel ended. */
export interface Closed {
  /** The peer's code; 1005 when it gave none, 1006 when the connection was lost. */
  code: number;
  reason: string;
  wasClean: boolean;
  /** Who began to close. */
  by: 'us' | 'peer' | 'failure';
}

/** A typed channel: send values, iterate over those received. */
export class Channel<Send = unknown, Receive = unknown> implements AsyncIterable<Receive> {
  constructor(url: string | URL, options?: ChannelOptions<Send, Receive>);

  /** Resolves when the channel is open; rejects with a {@link ConnectError}. */
  readonly opened: Promise<Opened>;
  /** Resolves at the end, and never rejects. */
  readonly closed: Promise<Closed>;

  /**
   * Sends a value as it is at the call; resolves when it has been handed over to the platform, waiting until the channel is open and while the
   * line is full.
   * @throws {SendError} with the value, when it cannot be encoded or the channel has ended or did not open (`cause` says why).
   */
  send(value: Send): Promise<void>;

  /**
   * Begins to close, and resolves at the end.
   * @throws {RangeError} for a code other than 1000 and 3000-4999, or a reason over 123 bytes.
   */
  close(code?: number, reason?: string): Promise<Closed>;

  /**
   * The values received. It ends when the channel closes cleanly and throws {@link ChannelClosedError} otherwise; `break` closes. A message
   * that cannot be decoded throws {@link DecodeError}, and a new loop goes on after it.
   */
  [Symbol.asyncIterator](): AsyncIterator<Receive>;
}

/** Every error of a channel has a stable `code`. */
export class ChannelError extends Error {
  readonly code: string;
}

/** Why a channel did not open: `BAD_URL`, `URL_FRAGMENT`, `BAD_PROTOCOL`, `DUPLICATE_PROTOCOL`, `REFUSED`, `TIMED_OUT`, `CONNECT_FAILED`. */
export class ConnectError extends ChannelError {}

/** Why a value was not sent: `NOT_OPEN`, `ENCODE_FAILED`, `SEND_REFUSED`. */
export class SendError extends ChannelError {
  readonly value: unknown;
}

/** `DECODE_FAILED` */
export class DecodeError extends ChannelError {
  readonly raw: RawMessage;
}

/** `CHANNEL_CLOSED` */
export class ChannelClosedError extends ChannelError {
  readonly closed: Closed;
}
