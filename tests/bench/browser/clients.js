// The clients written in JavaScript, and the one function by which the bench runs any client. It is bundled into the page.
import init, * as rust from 'bench-glue';
import { Channel, WebSocket as Ours } from 'websocket-channel';
import { Channel as PlainChannel, WebSocket as Plain } from 'websocket-channel/no-wasm';
import PartySocket from 'partysocket/ws';
import ReconnectingWebSocket from 'reconnecting-websocket';

const fail = () => {
  throw new Error('not the message that was sent');
};

const check = (text) => {
  const { symbol, price, size, sequence, venue, flags, open } = JSON.parse(text);
  if (!(symbol && price > 0 && size > 0 && sequence > 0 && venue && flags.length > 0 && open)) fail();
};

const lengthOf = (message) => (typeof message === 'string' ? message.length : message.byteLength);

/** Whatever has the interface of the browser's class. */
const withClass = (Class) => async (kind, url, payload, count) => {
  const socket = new Class(url);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const length = lengthOf(payload);
  const began = performance.now();
  await new Promise((resolve, reject) => {
    let left = kind === 'send' ? 1 : count;
    socket.onclose = reject;
    socket.onmessage = ({ data }) => {
      if (kind === 'json') check(data);
      else if (kind !== 'send' && lengthOf(data) !== length) fail();
      if (--left === 0) resolve();
      else if (kind === 'echo') socket.send(payload);
    };
    for (let i = kind === 'send' ? count : 1; i > 0; i--) socket.send(payload);
  });
  const took = performance.now() - began;
  socket.onclose = null;
  socket.close();
  return took;
};

/** The browser's `WebSocketStream` by hand: what ours by stream stands on. */
const withStream = async (kind, url, payload, count) => {
  const stream = new WebSocketStream(url);
  const { readable, writable } = await stream.opened;
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const length = lengthOf(payload);
  const receive = async () => {
    const { value } = await reader.read();
    if (kind === 'json') check(value);
    else if (kind !== 'send' && lengthOf(value) !== length) fail();
  };
  const send = async () => {
    await writer.ready;
    writer.write(payload);
  };
  const began = performance.now();
  if (kind === 'echo') {
    for (let i = 0; i < count; i++) {
      await send();
      await receive();
    }
  } else {
    for (let i = kind === 'send' ? count : 1; i > 0; i--) await send();
    for (let i = kind === 'send' ? 1 : count; i > 0; i--) await receive();
  }
  const took = performance.now() - began;
  stream.close();
  return took;
};

const withChannel = (Channel, transport) => async (kind, url, payload, count) => {
  const codec = kind === 'json' ? { encode: String, decode: (text) => (check(text), true) } : 'raw';
  const channel = new Channel(url, { codec, transport });
  await channel.opened;
  const length = lengthOf(payload);
  const messages = channel[Symbol.asyncIterator]();
  const receive = async () => {
    const { value } = await messages.next();
    if (kind === 'json' ? !value : kind !== 'send' && lengthOf(value) !== length) fail();
  };
  const began = performance.now();
  if (kind === 'send') {
    for (let i = 0; i < count; i++) await channel.send(payload);
    await receive();
  } else if (kind === 'echo') {
    for (let i = 0; i < count; i++) {
      await channel.send(payload);
      await receive();
    }
  } else {
    await channel.send(payload);
    for (let i = 0; i < count; i++) await receive();
  }
  const took = performance.now() - began;
  await channel.close();
  return took;
};

const clients = {
  browser: withClass(WebSocket),
  WebSocketStream: withStream,
  'web-sys closures': rust.closures,
  'gloo-net': rust.gloo,
  ws_stream_wasm: rust.ws_stream,
  'tokio-tungstenite-wasm': rust.tungstenite,
  'ours, Rust by class': rust.ours,
  'ours, Rust by stream': rust.ours_by_stream,
  'ours, npm WebSocket': withClass(Ours),
  'ours, npm Channel': withChannel(Channel, 'websocket'),
  'ours, npm Channel by stream': withChannel(Channel, 'websocket-stream'),
  'ours, npm WebSocket, no-wasm': withClass(Plain),
  'ours, npm Channel, no-wasm': withChannel(PlainChannel, 'websocket'),
  partysocket: withClass(PartySocket),
  'reconnecting-websocket': withClass(ReconnectingWebSocket),
};

const quote = `{"symbol":"WSCH","price":1234.5678,"size":100,"sequence":9007199254,"venue":"loopback","flags":[1,2,3,5,8,13],"open":true,"note":"${'.'.repeat(30)}"}`;

const payloads = {
  bytes: (size) => new Uint8Array(size).fill(7),
  ascii: (size) => 'x'.repeat(size),
  // Two bytes each in UTF-8.
  unicode: (size) => 'ж'.repeat(size / 2),
  json: () => quote.padEnd(160),
};

/** Resolves to messages a second. */
globalThis.bench = {
  clients: Object.keys(clients).filter((name) => !name.toLowerCase().endsWith('stream') || 'WebSocketStream' in globalThis),
  ready: init('/bench.wasm'),
  async run(client, { kind, of, size, count }, origin) {
    // What the one before left is not this one's to clear away.
    globalThis.gc?.();
    const service = { send: `sink?tell=${count}`, echo: 'echo' }[kind] ?? `repeat?count=${count}`;
    const took = await clients[client](kind, `${origin}/${service}`, payloads[of](size), count);
    return count / (took / 1000);
  },
};
