// Jest: CommonJS, in a window of jsdom that has no encoders of text.
const library = require('websocket-channel');
const { messagepack } = require('websocket-channel/messagepack');
const { exchange } = require('../exchange.cjs');

const url = process.env.WEBSOCKET_CHANNEL_ECHO;
const { Channel, ConnectError } = library;

test('the window is that of jsdom', () => {
  expect(document.defaultView).toBe(window);
  expect([typeof TextEncoder, typeof TextDecoder]).toEqual(['undefined', 'undefined']);
});

test('both classes', async () => {
  expect(await exchange(library, url)).toBe('hello 1000 of 2009 4000 bye true');
});

test('MessagePack, which is bytes', async () => {
  const channel = new Channel(url, { codec: messagepack() });
  await channel.send({ bytes: new Uint8Array([1, 2]), text: 'é' });
  const { value } = await channel[Symbol.asyncIterator]().next();
  expect([...value.bytes, value.text]).toEqual([1, 2, 'é']);
  await channel.close();
});

test('an error is of its class', async () => {
  await expect(new Channel('ws://127.0.0.1:1/').opened).rejects.toBeInstanceOf(ConnectError);
});
