// The types of `WebSocket`: what the standard class takes, ours takes.
import { WebSocket } from 'websocket-channel';

const socket = new WebSocket('wss://chat.example/ws', ['chat.v1'], { connectTimeoutMs: 5000 });
socket.onmessage = (event) => console.log(event.data, event.origin);
socket.onclose = function (event) {
  console.log(event.code, event.wasClean, this.url);
};
socket.addEventListener('message', ({ data }) => console.log(data), { once: true });
socket.removeEventListener('close', ({ code }) => console.log(code));
socket.binaryType = 'arraybuffer';
socket.send(new Uint8Array(1));
socket.postMessage('the name of 2009');
socket.close(1000, 'bye');

// Who connects: the platform's class, a double, ours.
class Double extends EventTarget {}
for (const Class of [globalThis.WebSocket, Double, WebSocket]) new WebSocket('ws://localhost/', [], { WebSocket: Class });
// @ts-expect-error: not a class
new WebSocket('ws://localhost/', [], { WebSocket: socket });

// A drop-in: it goes where the browser's own went.
export const standard: globalThis.WebSocket = socket;
export const state: number = WebSocket.OPEN;

// @ts-expect-error: not a message
socket.send({});
// @ts-expect-error: read-only
socket.readyState = 1;
// @ts-expect-error: a URL is missing
new WebSocket();
// @ts-expect-error: a number
new WebSocket('ws://localhost/', [], { connectTimeoutMs: '5s' });
// @ts-expect-error: no such type
socket.binaryType = 'text';
