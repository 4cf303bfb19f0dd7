import type { Codec } from './index.js';

/** Options of {@link messagepack}. */
export interface MessagePackOptions {
  /**
   * With true, 64-bit integers are received as `BigInt`, and a `BigInt` is sent as one; a `BigInt` of more than 64 bits is `ENCODE_FAILED`. Default
   * false: a received integer beyond 2^53, which a number cannot hold exactly, is a `DecodeError`, and sending a `BigInt` is `ENCODE_FAILED`. Peers
   * send integers below 2^32 in fewer bits; those are received as numbers in both cases. A number beyond 2^53 is sent as a 64-bit float in both
   * cases.
   */
  bigint?: boolean;
}

/**
 * MessagePack in binary messages: `codec: messagepack()`, or `codec: 'messagepack'` after this was imported. It has the types of the channel, `new
 * Channel<Send, Receive>(…)`, and checks them no more than JSON does: use a `schema` for that.
 * @throws {TypeError} if `bigint` is not a boolean.
 */
export function messagepack<Send = unknown, Receive = unknown>(options?: MessagePackOptions): Codec<Send, Receive>;
