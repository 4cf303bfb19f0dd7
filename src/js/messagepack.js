// `websocket-channel/messagepack`: the codec of that name, by @msgpack/msgpack. An entry of its own, so that nobody else carries it.
import { decode, encode } from '@msgpack/msgpack';

/** Where the other entries look for it by name: `codecs.js`. */
const REGISTRY = Symbol.for('websocket-channel.codecs');

const codec = {
  encode: (value) => encode(value),
  decode: (message) => {
    if (typeof message === 'string') throw new TypeError('a text message where MessagePack was expected');
    return decode(message);
  },
};

/** MessagePack in binary messages. A function, so that it has the types that the caller says. */
export const messagepack = () => codec;

globalThis[REGISTRY] = { ...globalThis[REGISTRY], messagepack: codec };
