// Vitest, in a window of happy-dom or jsdom. That of jsdom never opens a connection inside of Vitest, by whatever class: it dispatches events of Node, and
// Vitest has put those of the window in their place. So the option `WebSocket` names another client there.
import { expect, test } from 'vitest';
import * as library from 'websocket-channel';
import { messagepack } from 'websocket-channel/messagepack';
import { WebSocket } from 'ws';
import { exchange } from '../exchange.js';

const url = process.env.WEBSOCKET_CHANNEL_ECHO;
const { Channel, ConnectError } = library;
const more = process.env.WEBSOCKET_CHANNEL_WINDOW === 'jsdom' ? { WebSocket } : {};

test('there is a window', () => {
  expect(document.defaultView).toBe(window);
});

test('both classes', async () => {
  expect(await exchange(library, url, more)).toBe('hello 1000 of 2009 4000 bye true');
});

test('MessagePack, which is bytes', async () => {
  const channel = new Channel(url, { codec: messagepack(), ...more });
  await channel.send({ bytes: new Uint8Array([1, 2]), text: 'é' });
  const { value } = await channel[Symbol.asyncIterator]().next();
  expect([...value.bytes, value.text]).toEqual([1, 2, 'é']);
  await channel.close();
});

test('an error is of its class', async () => {
  await expect(new Channel('ws://127.0.0.1:1/', more).opened).rejects.toBeInstanceOf(ConnectError);
});
