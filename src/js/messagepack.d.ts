import type { Codec } from './index.js';

/** What {@link messagepack} takes. */
export interface MessagePackOptions {
  /**
   * 64-bit integers arrive as `BigInt`, and a `BigInt` is sent as one. Default false: a received integer that a number cannot hold exactly (beyond
   * 2^53) is a `DecodeError`, and sending a `BigInt` is `ENCODE_FAILED`. With true a `BigInt` of more than 64 bits is `ENCODE_FAILED`. Peers send
   * integers below 2^32 in fewer bits: those arrive as numbers either way. A number beyond 2^53 is sent as a 64-bit float either way.
   */
  bigint?: boolean;
}

/**
 * MessagePack in binary messages: `codec: messagepack()`, or `codec: 'messagepack'` once this has been imported. It checks no more than JSON does:
 * give a `schema` for that.
 * @throws {TypeError} if `bigint` is not a boolean.
 */
export function messagepack<Send = unknown, Receive = unknown>(options?: MessagePackOptions): Codec<Send, Receive>;
