// What each codec does to the types of a channel: `tsc --strict` reads it, nobody runs it.
import { Channel } from 'websocket-channel';
import type { Bytes, ChannelOptions, Codec, ConnectionOptions, RawMessage } from 'websocket-channel';
import { messagepack } from 'websocket-channel/messagepack';
import * as cbor from 'cbor-x';
import * as msgpackr from 'msgpackr';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';

/** Both types are the same, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_proof: Same<A, B>): void => {};

type ToServer = { say: string };
type ToClient = { said: string; who: string };
const url = 'ws://localhost/';
const said = z.object({ said: z.string() });
type Said = { said: string };

export async function raw(options: ConnectionOptions | undefined): Promise<void> {
  const made = [
    new Channel(url),
    new Channel(url, null),
    new Channel(url, {}),
    new Channel(url, options),
    new Channel(url, { codec: 'raw' }),
  ] as const;
  same<(typeof made)[number], Channel>(true);
  same<Channel, Channel<string | Bytes, RawMessage>>(true);
  const [channel] = made;
  await channel.send('text');
  await channel.send(new Uint16Array(1));
  // @ts-expect-error: an object needs a codec
  await channel.send({ say: 'hello' });
  // @ts-expect-error: so does a number
  channel.trySend(1);
  // @ts-expect-error: a class sends Blobs, a channel does not
  await channel.send(new Blob([]));
  // @ts-expect-error: nobody turns these into messages
  new Channel<ToServer, ToClient>(url);
  // @ts-expect-error: as above
  new Channel<ToServer, ToClient>(url, { connectTimeoutMs: 5 });
  // @ts-expect-error: as above
  new Channel<ToServer, ToClient>(url, { codec: 'raw' });
  // @ts-expect-error: bytes may come as well
  new Channel<string, string>(url);
  // @ts-expect-error: values that are sent need a codec, whatever checks those that arrive
  new Channel<ToServer, Said>(url, { schema: said });
  const narrow = new Channel<'ping', unknown>(url);
  same<typeof narrow, Channel<'ping', unknown>>(true);
  const checked = new Channel(url, { schema: said });
  same<typeof checked, Channel<string | Bytes, Said>>(true);
}

export async function text(): Promise<void> {
  const channel = new Channel(url, { codec: 'text' });
  same<typeof channel, Channel<string, string>>(true);
  // @ts-expect-error: not text
  await channel.send(new Uint8Array(1));
  const named = new Channel<'ping', string>(url, { codec: 'text', overflow: 'latest' });
  same<typeof named, Channel<'ping', string>>(true);
  // @ts-expect-error: what arrives may be any text
  new Channel<string, 'pong'>(url, { codec: 'text' });
  // @ts-expect-error: not text
  new Channel<ToServer, ToClient>(url, { codec: 'text' });
  const checked = new Channel(url, { codec: 'text', schema: z.coerce.number() });
  same<typeof checked, Channel<string, number>>(true);
  const both = new Channel<'ping', 'pong'>(url, { codec: 'text', schema: z.literal('pong') });
  same<typeof both, Channel<'ping', 'pong'>>(true);
}

export async function bytes(buffer: Buffer, shared: Uint8Array<SharedArrayBuffer>): Promise<void> {
  const channel = new Channel(url, { codec: 'bytes' });
  same<typeof channel, Channel<Bytes, Uint8Array<ArrayBuffer>>>(true);
  await channel.send(buffer);
  await channel.send(shared);
  await channel.send(new ArrayBuffer(1));
  // @ts-expect-error: not bytes
  await channel.send('text');
  const wide = new Channel<Uint8Array, Uint8Array>(url, { codec: 'bytes' });
  same<typeof wide, Channel<Uint8Array, Uint8Array>>(true);
  // @ts-expect-error: bytes arrive
  new Channel<Uint8Array, string>(url, { codec: 'bytes' });
  const checked = new Channel(url, { codec: 'bytes', schema: z.instanceof(Uint8Array).transform((part) => part.length) });
  same<typeof checked, Channel<Bytes, number>>(true);
}

export function json(): void {
  for (const codec of ['json', 'messagepack'] as const) {
    const claimed = new Channel<ToServer, ToClient>(url, { codec });
    same<typeof claimed, Channel<ToServer, ToClient>>(true);
    const open = new Channel(url, { codec });
    same<typeof open, Channel<unknown, unknown>>(true);
    const checked = new Channel(url, { codec, schema: said });
    same<typeof checked, Channel<unknown, Said>>(true);
    const sends = new Channel<ToServer, Said>(url, { codec, schema: said });
    same<typeof sends, Channel<ToServer, Said>>(true);
    // @ts-expect-error: the schema gives something else
    new Channel<ToServer, ToClient>(url, { codec, schema: said });
  }
  // From what is wanted.
  const wanted: Channel<ToServer, ToClient> = new Channel(url, { codec: 'json' });
  same<typeof wanted, Channel<ToServer, ToClient>>(true);
}

export async function own(): Promise<void> {
  const dates: Codec<Date, Date> = { encode: (date) => date.toISOString(), decode: (message) => new Date(String(message)) };
  const channel = new Channel(url, { codec: dates });
  same<typeof channel, Channel<Date, Date>>(true);
  // @ts-expect-error: not a date
  await channel.send('today');
  const inline = new Channel(url, { codec: { encode: (date: Date) => date.toISOString(), decode: (message) => String(message).length } });
  same<typeof inline, Channel<Date, number>>(true);
  // What the codec gives, the schema turns into something else.
  const checked = new Channel(url, { codec: dates, schema: z.date().transform((date) => date.getTime()) });
  same<typeof checked, Channel<Date, number>>(true);
  const packed = new Channel(url, { codec: messagepack<ToServer, ToClient>({ bigint: true }) });
  same<typeof packed, Channel<ToServer, ToClient>>(true);
  // Without types of its own it takes those of the channel.
  const named = new Channel<ToServer, ToClient>(url, { codec: messagepack({ bigint: true }) });
  same<typeof named, Channel<ToServer, ToClient>>(true);
  const wanted: Channel<ToServer, ToClient> = new Channel(url, { codec: messagepack() });
  const unnamed = new Channel(url, { codec: messagepack() });
  same<typeof unnamed, Channel<unknown, unknown>>(true);
  const validated = new Channel<ToServer, Said>(url, { codec: messagepack(), schema: said });
  same<typeof validated, Channel<ToServer, Said>>(true);
  // @ts-expect-error: the schema gives something else
  new Channel<ToServer, ToClient>(url, { codec: messagepack(), schema: said });
  // @ts-expect-error: not what the server takes
  await wanted.send({ said: 'hello' });
  // @ts-expect-error: the codec takes dates only
  new Channel<Date | string, Date>(url, { codec: dates });
  // @ts-expect-error: the codec gives any date
  new Channel<Date, { today: true }>(url, { codec: dates });
  // @ts-expect-error: a message is text or bytes
  new Channel(url, { codec: { encode: (date: Date) => date.getTime(), decode: String } });
  // @ts-expect-error: a codec has both halves
  new Channel(url, { codec: { encode: String } });
  // @ts-expect-error: no such codec
  new Channel(url, { codec: 'morse' });
}

/** A function of the user's that passes options on. */
export function wrapped<Send, Receive>(options: ChannelOptions<Send, Receive>): Channel<Send, Receive> {
  return new Channel<Send, Receive>(url, options);
}
wrapped<ToServer, ToClient>({ codec: 'json' });
// @ts-expect-error: as for the class
wrapped<ToServer, ToClient>({ codec: 'text' });

/** A class of the user's. */
export class Chat extends Channel<ToServer, ToClient> {
  constructor(readonly name: string) {
    super(`/chat/${name}`, { codec: 'json' });
  }
}
new Chat('a').send({ say: 'hello' });

// `in Send`, `out Receive`.
export function variance(wide: Channel<string | number, 'a'>, narrow: Channel<string, 'a' | 'b'>, some: Codec<Date, Date>): void {
  const fits: Channel<string, 'a' | 'b'> = wide;
  // @ts-expect-error: it cannot send numbers, and may receive 'b'
  const not: Channel<string | number, 'a'> = narrow;
  // @ts-expect-error: it cannot send numbers
  const sends: Channel<string | number, 'a' | 'b'> = narrow;
  // @ts-expect-error: it may receive 'b'
  const receives: Channel<string, 'a'> = narrow;
  // @ts-expect-error: it cannot encode text
  const codec: Codec<Date | string, Date> = some;
  void [fits, not, sends, receives, codec];
  const every: Channel<never, unknown>[] = [wide, narrow, new Channel(url)];
  void every;
}

export function narrowed(value: Channel<ToServer, ToClient> | string, strange: unknown): void {
  if (value instanceof Channel) same<typeof value, Channel<ToServer, ToClient>>(true);
  else same<typeof value, string>(true);
  if (strange instanceof Channel) {
    same<typeof strange, Channel<never, unknown>>(true);
    // @ts-expect-error: nobody knows what it takes
    strange.trySend('text');
  }
}

/** What ts-proto generates (2.x): a message with its own two functions. */
interface Point {
  x: number;
}
const Point = {
  encode(message: Point, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
    if (message.x !== 0) writer.uint32(8).int32(message.x);
    return writer;
  },
  decode(input: BinaryReader | Uint8Array, length?: number): Point {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input);
    const end = length === undefined ? reader.len : reader.pos + length;
    const message = { x: 0 };
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 8) message.x = reader.int32();
      else reader.skip(tag & 7);
    }
    return message;
  },
};

/** A binary codec reads bytes only; text that a peer sends is `DECODE_FAILED`. */
const bytesOf = (message: RawMessage): Uint8Array<ArrayBuffer> => {
  if (typeof message === 'string') throw new TypeError('text where bytes were expected');
  return message;
};

export function others(): void {
  // Each as its own documentation has it.
  const cborx = new Channel(url, {
    codec: { encode: (value: ToServer) => cbor.encode(value), decode: (message): ToClient => cbor.decode(bytesOf(message)) },
  });
  same<typeof cborx, Channel<ToServer, ToClient>>(true);
  new Channel<ToServer, ToClient>(url, { codec: { encode: cbor.encode, decode: (message) => cbor.decode(bytesOf(message)) } });
  const packr = new msgpackr.Packr({ useRecords: false });
  new Channel<ToServer, ToClient>(url, {
    codec: { encode: (value) => packr.pack(value), decode: (message) => packr.unpack(bytesOf(message)) },
  });
  new Channel<ToServer, ToClient>(url, { codec: { encode: msgpackr.pack, decode: (message) => msgpackr.unpack(bytesOf(message)) } });
  // @ts-expect-error: it would be given text
  new Channel<ToServer, ToClient>(url, { codec: { encode: msgpackr.pack, decode: msgpackr.unpack } });
  const es = new Channel(url, {
    codec: {
      encode: (time: Timestamp) => toBinary(TimestampSchema, time),
      decode: (message) => fromBinary(TimestampSchema, bytesOf(message)),
    },
  });
  same<typeof es, Channel<Timestamp, Timestamp>>(true);
  es.trySend(create(TimestampSchema, { seconds: 1n }));
  const proto = new Channel(url, {
    codec: { encode: (point: Point) => Point.encode(point).finish(), decode: (message) => Point.decode(bytesOf(message)) },
  });
  same<typeof proto, Channel<Point, Point>>(true);
}
