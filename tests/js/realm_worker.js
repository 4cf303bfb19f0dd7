// What one of the two classes tells in a worker, as lines.

import { WebSocket } from './websocket-channel.js';

const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

self.onmessage = async ({ data: { which, url, refused } }) => {
  const Class = which === 'ours' ? WebSocket : self.WebSocket;
  const lines = [];
  const say = (...words) => lines.push(words.join(' '));
  const watch = (socket) => {
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, (event) => {
        const { code, reason, wasClean, data, origin } = event;
        say(type, event.constructor.name, socket.readyState, code, reason, wasClean, Object.prototype.toString.call(data), origin);
      });
    }
    return socket;
  };
  for (const bad of ['ws://[', 'ftp://x/', `${url}#`]) {
    try {
      new Class(bad);
      say('constructed', bad);
    } catch (error) {
      say(error.name, error instanceof DOMException);
    }
  }
  const relative = new Class('echo');
  say('relative', relative.url);
  relative.close();
  const socket = watch(new Class(url, 'chat.v1'));
  await next(socket, 'open');
  for (const data of ['text', Uint8Array.of(1, 2), new Blob(['blob'])]) {
    const message = next(socket, 'message');
    socket.send(data);
    await message;
  }
  const end = next(socket, 'close');
  socket.close(4000, 'bye');
  await end;
  await next(watch(new Class(refused)), 'close');
  self.postMessage(lines);
};
