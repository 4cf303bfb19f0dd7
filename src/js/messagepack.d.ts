import type { Codec } from './index.js';

/**
 * MessagePack in binary messages: `codec: messagepack()`, or `codec: 'messagepack'` once this has been imported. It checks no more than JSON does:
 * give a `schema` for that.
 */
export function messagepack<Send = unknown, Receive = unknown>(): Codec<Send, Receive>;
