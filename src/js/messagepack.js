// `websocket-channel/messagepack`: the codec of that name, by @msgpack/msgpack. A separate entry, so that only its users download it.
import { Decoder, Encoder } from '@msgpack/msgpack';

/** The other entries look for it by this name: `codecs.js`. */
const REGISTRY = Symbol.for('websocket-channel.codecs');

const BIGINT = { useBigInt64: true };

const safe = (number) => {
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError('the message has an integer beyond 2^53: use messagepack({ bigint: true })');
};

/** Large integers are refused: @msgpack/msgpack rounds them. A sum that was rounded is not a safe integer either. */
class ExactDecoder extends Decoder {
  readU64() {
    return safe(super.readU64());
  }

  readI64() {
    return safe(super.readI64());
  }
}

/** Refuses integers of more than 64 bits: @msgpack/msgpack would take the lowest 64. */
class ExactEncoder extends Encoder {
  encodeBigInt64(integer) {
    if (integer !== (integer < 0n ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer))) {
      throw new RangeError('a BigInt has more than 64 bits');
    }
    super.encodeBigInt64(integer);
  }
}

const codecOf = (options) => ({
  encode: (value) => new ExactEncoder(options).encodeSharedRef(value),
  decode: (message) => {
    if (typeof message === 'string') throw new TypeError('expected a binary message, got a text one');
    return new ExactDecoder(options).decode(message);
  },
});

const plain = codecOf();
const withBigInt = codecOf(BIGINT);

/** MessagePack in binary messages. A function, so that it has the types that the caller says. */
export const messagepack = ({ bigint = false } = {}) => {
  if (typeof bigint !== 'boolean') throw new TypeError('messagepack: bigint has to be true or false');
  return bigint ? withBigInt : plain;
};

globalThis[REGISTRY] = { ...globalThis[REGISTRY], messagepack: plain };
