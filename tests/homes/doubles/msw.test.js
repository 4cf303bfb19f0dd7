// MSW intercepts WebSocket by a class of its own, from `listen` on: after the import.
import { Channel, WebSocket } from 'websocket-channel';
import { ws } from 'msw/ws';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, expect, test } from 'vitest';

const chat = ws.link('ws://nowhere.invalid/');
const server = setupServer(
  chat.addEventListener('connection', ({ client }) => {
    client.addEventListener('message', ({ data }) => (data === '"leave"' ? client.close(4000, 'bye') : client.send(data)));
  }),
);
beforeAll(() => server.listen());
afterAll(() => server.close());

test('the class', async () => {
  const socket = new WebSocket('ws://nowhere.invalid/');
  const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
  await next('open');
  const message = next('message');
  socket.send('there and back');
  expect((await message).data).toBe('there and back');
  const end = next('close');
  socket.close(1000);
  expect((await end).code).toBe(1000);
});

test('the channel', async () => {
  const channel = new Channel('ws://nowhere.invalid/', { codec: 'json' });
  await channel.send({ say: 'hello' });
  expect((await channel[Symbol.asyncIterator]().next()).value).toEqual({ say: 'hello' });
  await channel.send('leave');
  expect(await channel.closed).toMatchObject({ code: 4000, reason: 'bye' });
});
