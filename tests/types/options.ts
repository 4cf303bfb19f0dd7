// The options of both classes, and of each wait: `tsc --strict` reads it, nobody runs it.
import { Channel, WebSocket } from 'websocket-channel';

const url = 'ws://localhost/';

export function options(): void {
  new Channel(url, { overflow: 'drop-oldest', receiveBufferBytes: 1, sendHighWaterMarkBytes: 0, maxMessageBytes: Infinity });
  new Channel(url, { transport: 'auto' });
  // @ts-expect-error: no such transport
  new Channel(url, { transport: 'carrier-pigeon' });
  new Channel(async ({ number, signal }) => (await fetch(`/token?${number}`, { signal })).text(), { protocols: async () => ['a'] });
  // @ts-expect-error: no such policy
  new Channel(url, { overflow: 'grow' });
  // @ts-expect-error: a number of milliseconds
  new Channel(url, { connectTimeoutMs: '5s' });
  // @ts-expect-error: the unit is in the name
  new Channel(url, { connectTimeout: 5 });
  // @ts-expect-error: with a codec, too
  new Channel(url, { codec: 'json', connectTimeout: 5 });
  // @ts-expect-error: a URL is missing
  new Channel();
}

/** What may be missing is passed on as it is, under `exactOptionalPropertyTypes`, too: undefined and null are the default. */
export async function missing(
  number: number | undefined,
  signal: AbortSignal | undefined,
  Class: typeof globalThis.WebSocket | undefined,
): Promise<void> {
  const given = {
    ...{
      connectTimeoutMs: number,
      closeTimeoutMs: number,
      sendHighWaterMarkBytes: number,
      receiveBufferBytes: number,
      maxMessageBytes: number,
    },
    ...{ signal, protocols: undefined, WebSocket: Class, overflow: undefined, transport: undefined, schema: undefined },
  };
  new Channel(url, { ...given, codec: undefined });
  new Channel<string, string>(url, { ...given, codec: 'text' });
  new Channel<{ say: string }, string>(url, { ...given, codec: 'json' });
  const nothing = {
    ...{ connectTimeoutMs: null, closeTimeoutMs: null, sendHighWaterMarkBytes: null, receiveBufferBytes: null, maxMessageBytes: null },
    ...{ signal: null, protocols: null, WebSocket: null, overflow: null, transport: null, schema: null },
  };
  const channel = new Channel(url, { ...nothing, codec: null });
  new Channel<string, string>(url, { ...nothing, codec: 'text' });
  new Channel<{ say: string }, string>(url, { ...nothing, codec: 'json' });
  await channel.send('text', { signal });
  await channel.close(1000, '', { signal });
  await channel.flush({ signal });
  await channel.drained({ signal });
  new WebSocket(url, undefined, { connectTimeoutMs: number, WebSocket: Class });
  new WebSocket(url, [], { connectTimeoutMs: null, WebSocket: null });
}
