// The JavaScript of the README as a module. Between the two marks stand the README's own lines; `readme_test.js` runs them.

import { url as service } from './server.js';

const url = service(new URL(import.meta.url).searchParams.get('service') ?? '/echo');
const printed = [];
const console = { log: (...words) => printed.push(words) };

// README begin
import { WebSocket, Channel } from 'websocket-channel';

const socket = new WebSocket(url); // every member of the browser's own class
socket.onopen = () => socket.postMessage('Hello, WebSocket'); // the 2009 name of send
socket.onmessage = (event) => console.log(event.data);
socket.onclose = (event) => console.log(event.code, event.reason);

const channel = new Channel(url, { codec: 'json' });
try {
  await channel.send({ say: 'hello' }); // waits until it is open, and while the send buffer is full
  for await (const message of channel) if (message?.say) break; // break closes
} catch (error) {
  console.log(error.code, error.message); // not open, not sent, not JSON, or ended without a clean close
  channel.close();
}
// README end

export { channel, printed, socket };
