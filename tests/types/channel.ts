// What the types of `Channel` allow and what they do not: `tsc --strict` reads it, nobody runs it.
import { Channel, ChannelClosedError, ChannelError, ConnectError, DecodeError, SendError, prepare } from 'websocket-channel';
import type { CloseInfo, ChannelState, OpenInfo, RawMessage } from 'websocket-channel';
import { Channel as PlainChannel } from 'websocket-channel/no-wasm';
import { init, Channel as SlimChannel } from 'websocket-channel/slim';
import * as v from 'valibot';
import { z } from 'zod';

/** Both types are the same, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_proof: Same<A, B>): void => {};

type ToServer = { say: string };
type ToClient = { said: string; who: string };

export async function typed(): Promise<void> {
  const chat = new Channel<ToServer, ToClient>('wss://chat.example/ws', { codec: 'json', protocols: ['chat.v1'] });
  const opened: OpenInfo = await chat.opened;
  same<typeof opened.protocol, string>(true);
  await chat.send({ say: 'hello' });
  // @ts-expect-error: not what the channel sends
  await chat.send({ shout: 'hello' });
  // @ts-expect-error: nothing is not what the channel sends
  await chat.send();
  await chat.send({ say: 'hello' }, { signal: null });
  await chat.flush({ signal: AbortSignal.timeout(1000) });
  await chat.drained();
  const { sentMessages, bufferedAmount } = chat.stats();
  same<typeof sentMessages | typeof bufferedAmount, number>(true);
  const taken: boolean = chat.trySend({ say: 'hello' });
  // @ts-expect-error: not what the channel sends
  chat.trySend(taken);
  for await (const message of chat) {
    same<typeof message, ToClient>(true);
    // @ts-expect-error: no such member
    message.shouted;
  }
  const closed: CloseInfo = await chat.close(4000, 'bye', { signal: AbortSignal.timeout(1000) });
  same<typeof closed.by, 'local' | 'remote' | 'error' | 'unknown'>(true);
  // @ts-expect-error: read-only
  closed.code = 1000;
  // @ts-expect-error: read-only
  chat.closed = Promise.resolve(closed);
}

export async function untyped(): Promise<void> {
  const channel = new Channel(new URL('ws://localhost/'), { codec: 'json' });
  for await (const message of channel) {
    same<typeof message, unknown>(true);
    // @ts-expect-error: what is unknown has no members
    message.said;
  }
}

export async function schemas(): Promise<void> {
  const zod = new Channel('ws://localhost/', { codec: 'json', schema: z.object({ said: z.string(), at: z.coerce.date() }) });
  for await (const message of zod) same<typeof message, { said: string; at: Date }>(true);
  const valibot = new Channel('ws://localhost/', { codec: 'json', schema: v.object({ said: v.string() }) });
  for await (const message of valibot) same<typeof message, { said: string }>(true);
  // @ts-expect-error: the schema gives something else
  new Channel<ToServer, { said: number }>('ws://localhost/', { codec: 'json', schema: z.object({ said: z.string() }) });
}

export async function streams(channel: Channel<string, number>): Promise<void> {
  const { value } = await channel.readable.getReader().read();
  same<typeof value, number | undefined>(true);
  await channel.writable.getWriter().write('text');
  // @ts-expect-error: the stream takes what the channel sends
  await channel.writable.getWriter().write(1);
}

export function status({ status }: Channel): ChannelState {
  status.addEventListener('change', function () {
    const { queuedBytes } = this;
    same<typeof queuedBytes, number>(true);
  });
  // @ts-expect-error: read-only
  status.state = 'open';
  const { reason } = status;
  if (reason instanceof ChannelError) throw reason;
  if (reason) same<typeof reason, CloseInfo>(true);
  return status.state;
}

export function errors(error: unknown): string {
  if (error instanceof DecodeError) {
    same<typeof error.raw, RawMessage>(true);
    return error.issues?.[0]?.message ?? error.code;
  }
  if (error instanceof SendError) same<typeof error.code, 'NOT_OPEN' | 'ENCODE_FAILED' | 'SEND_REFUSED' | 'QUEUE_FULL' | 'INTERNAL'>(true);
  // @ts-expect-error: no such code
  if (error instanceof ConnectError) return error.code === 'LATE' ? 'late' : error.code;
  if (error instanceof ConnectError) same<typeof error.hint, 'offline' | 'mixed-content' | 'content-security-policy' | null>(true);
  if (error instanceof ChannelClosedError) {
    same<typeof error.code, 'CHANNEL_CLOSED' | 'MESSAGE_TOO_BIG' | 'RECEIVE_BUFFER_FULL'>(true);
    return error.closed.reason;
  }
  return error instanceof Error ? error.message : 'not ours';
}

export function notMade(): void {
  // @ts-expect-error: only the package makes errors
  new ChannelError('INTERNAL', 'text');
  // @ts-expect-error: as above
  new ConnectError('REFUSED', 'text');
  // @ts-expect-error: as above
  new SendError('NOT_OPEN', 'text', 'value');
  // @ts-expect-error: as above
  new DecodeError('DECODE_FAILED', 'text', 'raw');
  // @ts-expect-error: as above
  new ChannelClosedError('CHANNEL_CLOSED');
  // @ts-expect-error: as above, as those of JavaScript are
  new ConnectError('text', { cause: 1 });
}

export async function disposed(): Promise<void> {
  await using channel = new Channel<string, string>('ws://localhost/', { codec: 'text' });
  await channel.send('hello');
}

export async function slim(module: WebAssembly.Module): Promise<void> {
  await init(module);
  await init('/websocket-channel.wasm');
  await init(new Uint8Array(8));
  await init(fetch('/websocket-channel.wasm'));
  new SlimChannel<string, string>('ws://localhost/', { codec: 'text' });
}

export async function withoutWasm(): Promise<void> {
  await prepare();
  await prepare({ fallback: () => import('websocket-channel/no-wasm') });
  // @ts-expect-error: a module without a core
  await prepare({ fallback: () => import('websocket-channel/messagepack') });
  new PlainChannel<string, string>('ws://localhost/', { codec: 'text' });
}
