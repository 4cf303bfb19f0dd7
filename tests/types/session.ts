// What the types of a session's `Channel` allow and what they do not: `tsc --strict` reads it, nobody runs it.
import { Channel, ConnectError, DeliveryError, RequestError, SessionLostError } from 'websocket-channel/session';
import type { CloseInfo, RawMessage, SessionState } from 'websocket-channel/session';
import { z } from 'zod';

/** Both types are the same, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_proof: Same<A, B>): void => {};

type ToServer = { say: string };
type ToClient = { said: string };

export async function typed(): Promise<void> {
  const chat = new Channel<ToServer, ToClient>('wss://chat.example/session', { codec: 'json', session: true, reconnect: null });
  await chat.opened;
  await chat.send({ say: 'hello' }, { signal: AbortSignal.timeout(1000) });
  await chat.sendAll([{ say: 'hello' }]);
  await chat.sendAll(new Set([{ say: 'hello' }]));
  // @ts-expect-error: one value
  await chat.sendAll({ say: 'hello' });
  const taken: boolean = chat.trySend({ say: 'hello' });
  // @ts-expect-error: not what the channel sends
  chat.trySend(taken);
  await chat.flush();
  // @ts-expect-error: not here
  await chat.drained();
  for await (const message of chat) same<typeof message, ToClient>(true);
  for await (const messages of chat.batches()) same<typeof messages, ToClient[]>(true);
  chat.addEventListener('resumed', (event) => same<typeof event.detail, null>(true));
  chat.addEventListener('lost', ({ detail }) => same<typeof detail, SessionLostError<ToServer>>(true));
  const { state, attempt, nextRetryAt, resumed, retainedBytes } = chat.status;
  same<typeof state, SessionState>(true);
  same<typeof attempt | typeof retainedBytes, number>(true);
  same<typeof nextRetryAt, number | null>(true);
  same<typeof resumed, boolean>(true);
  chat.reconnectNow();
  chat.suspend();
  chat.resume();
  const answer = await chat.request({ say: 'what?' }, { timeoutMs: 1000, signal: null });
  same<typeof answer, ToClient>(true);
  chat.handle(async (value, { signal }) => {
    same<typeof value, ToClient>(true);
    signal.throwIfAborted();
    return { say: value.said };
  });
  chat.handle(null);
  // @ts-expect-error: not what the channel sends
  chat.handle(() => 7);
  const closed: CloseInfo<ToServer> = await chat.close();
  same<(typeof closed.neverSent)[number], ToServer | RawMessage>(true);
  // @ts-expect-error: read-only
  closed.inDoubt = [];
}

export async function options(): Promise<void> {
  const session = { onLost: 'renew', windowBytes: 1 << 20, maxBatchBytes: 65_536 } as const;
  const reconnect = {
    baseDelayMs: 0,
    maxDelayMs: 1000,
    spreadMs: 0,
    stableAfterMs: 0,
    maxAttempts: 3,
    maxElapsedMs: Infinity,
    finalCodes: [4001],
  };
  new Channel(({ number }) => `wss://chat.example/?attempt=${number}`, { session, reconnect, connectTimeoutMs: 5000 });
  new Channel('wss://chat.example/', { reconnect: false });
  // @ts-expect-error: not one of the two
  new Channel('wss://chat.example/', { session: { onLost: 'never' } });
  // @ts-expect-error: without a session it is another entry's
  new Channel('wss://chat.example/', { session: false });
  // @ts-expect-error: not an option here
  new Channel('wss://chat.example/', { overflow: 'latest' });
  // @ts-expect-error: a code is a number
  new Channel('wss://chat.example/', { reconnect: { finalCodes: ['4001'] } });
  const text = new Channel('wss://chat.example/', { codec: 'text' });
  for await (const message of text) same<typeof message, string>(true);
  const raw = new Channel('wss://chat.example/');
  for await (const message of raw) same<typeof message, RawMessage>(true);
  const checked = new Channel('wss://chat.example/', { codec: 'json', schema: z.object({ said: z.string() }) });
  for await (const message of checked) same<typeof message, { said: string }>(true);
}

export function errors(error: unknown): void {
  if (error instanceof ConnectError) same<'NO_SESSION' extends typeof error.code ? true : false, true>(true);
  if (error instanceof SessionLostError) {
    same<typeof error.code, 'SESSION_LOST'>(true);
    same<typeof error.renewed, boolean>(true);
  }
  if (error instanceof DeliveryError) same<typeof error.code, 'UNDELIVERED' | 'MISSING'>(true);
  if (error instanceof RequestError) same<typeof error.inDoubt, boolean>(true);
  // @ts-expect-error: only the package creates errors
  new SessionLostError();
}
