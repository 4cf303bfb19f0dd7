// The vectors of the wire contract, `tests/session/vectors.json`, against the published wasm: what each batch of a server makes of a session, and what
// values are on the wire.

import { assert } from 'chai';
import { Channel } from 'websocket-channel/session';
import { Double } from '../channel/double.js';

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A session that its server has welcomed by this vector, and its socket. */
function welcomed(vector) {
  class Socket extends Double {
    static made = [];
  }
  const channel = new Channel('ws://double.invalid/', { WebSocket: Socket, reconnect: { baseDelayMs: 60_000, spreadMs: 60_000 } });
  const [socket] = Socket.made;
  socket.opens();
  const tell = (batch) => socket.tells(bytesOf(batch).buffer);
  tell(vector.batch);
  return { channel, socket, tell, sent: () => socket.sent.map(hexOf) };
}

const isValue = ({ violation, frames }) => !violation && frames.length > 0 && frames.every(({ kind }) => ['part', 'data'].includes(kind));

/** What a reader gets of these frames. */
function valueOf(frames) {
  const whole = frames
    .map((frame) => frame.bytes ?? frame.invalid_text ?? frame.binary ?? hexOf(new TextEncoder().encode(frame.text)))
    .join('');
  return frames.at(-1).binary === undefined ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(whole)) : bytesOf(whole);
}

describe('the wire contract', () => {
  let vectors;
  let welcome;

  before(async () => {
    vectors = await (await fetch(new URL('vectors.json', location.href))).json();
    welcome = vectors.find(({ name }) => name === 'WELCOME, New');
    assert.isAbove(vectors.length, 100);
  });

  it('is greeted by HELLO, and confirms WELCOME', async () => {
    const { channel, sent } = welcomed(welcome);
    await channel.opened;
    const [hello, ack] = sent();
    assert.match(hello, /^0001..57534353/);
    assert.equal(ack, vectors.find(({ name }) => name === 'ACK 0, as after the first WELCOME').batch);
    channel.abort();
  });

  it('has each violation by its name', async () => {
    const violating = vectors.filter(({ violation, frames }) => violation && frames.length === 0);
    assert.isAbove(violating.length, 50);
    for (const { name, batch, violation } of violating) {
      const { channel, socket, tell } = welcomed(welcome);
      await channel.opened;
      tell(batch);
      assert.deepEqual(socket.closes, [[3002, violation]], name);
      assert.equal(channel.status.state, 'reconnecting', name);
      channel.abort();
    }
  });

  it('gives the values of each batch', async () => {
    const values = vectors.filter(isValue);
    assert.isAbove(values.length, 5);
    for (const { name, batch, frames } of values) {
      const { channel, tell } = welcomed(welcome);
      await channel.opened;
      tell(batch);
      assert.deepEqual((await channel[Symbol.asyncIterator]().next()).value, valueOf(frames), name);
      channel.abort();
    }
  });

  it('writes values as the vectors have them', async () => {
    const values = vectors.filter((vector) => isValue(vector) && vector.frames.length === 1);
    assert.isAbove(values.length, 4);
    for (const { name, batch, frames } of values) {
      const { channel, sent } = welcomed(welcome);
      await channel.opened;
      await channel.send(valueOf(frames));
      // In a microtask, as the first of its turn.
      await undefined;
      assert.equal(sent().at(-1), batch, name);
      channel.abort();
    }
  });

  it('takes each WELCOME that is no session for what it is', async () => {
    const others = vectors.filter(({ name, violation }) => /^WELCOME, (Later|Refused|Ended|Resumed)/.test(name) && !violation);
    assert.isAbove(others.length, 10);
    for (const vector of others) {
      const { channel } = welcomed(vector);
      const error = await channel.opened.catch((reason) => reason);
      const [, kind] = vector.name.match(/^WELCOME, (\w+)/);
      const code = { Later: 'SESSION_LATER', Refused: 'SESSION_REFUSED' }[kind] ?? 'NO_SESSION';
      assert.equal(error.code, code, vector.name);
    }
  });
});
