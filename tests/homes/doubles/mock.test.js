// vitest-websocket-mock, which is mock-socket: it puts its class in the place of the global when a test makes a server, long after the import.
import { Channel, WebSocket } from 'websocket-channel';
import { afterEach, expect, test } from 'vitest';
import WS from 'vitest-websocket-mock';

const url = 'ws://nowhere.invalid/';
afterEach(() => WS.clean());

test('the class', async () => {
  const server = new WS(url);
  const socket = new WebSocket(url);
  const told = [];
  for (const type of ['open', 'error', 'close']) socket.addEventListener(type, ({ code }) => told.push([type, code]));
  const messages = [];
  socket.onmessage = ({ data }) => messages.push(data);
  await server.connected;
  socket.send('out');
  expect(await server.nextMessage).toBe('out');
  server.send('in');
  expect(messages).toEqual(['in']);
  server.close({ code: 4401, reason: 'who', wasClean: true });
  await server.closed;
  await expect
    .poll(() => told)
    .toEqual([
      ['open', undefined],
      ['close', 4401],
    ]);
});

test('the channel', async () => {
  const server = new WS(url, { jsonProtocol: true });
  const channel = new Channel(url, { codec: 'json' });
  await server.connected;
  await channel.send({ say: 'out' });
  expect(await server.nextMessage).toEqual({ say: 'out' });
  server.send({ said: 'in' });
  const values = channel[Symbol.asyncIterator]();
  expect((await values.next()).value).toEqual({ said: 'in' });
  server.close({ code: 4401, reason: 'who', wasClean: true });
  expect((await channel.closed).code).toBe(4401);
  await expect(values.next()).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' });
});
