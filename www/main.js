// Drives the page: the left half by the package's class, the right half by the Rust channel of `www/src/lib.rs`.

import { Panel } from './panel.js';
import startRust, { chat } from './rust/websocket_channel_demo.js';
// shown begin
import { WebSocket } from 'websocket-channel';

function connect(url, panel) {
  const socket = new WebSocket(url);
  const send = (text) => socket.postMessage(text);
  const close = (code, reason) => socket.close(code, reason);

  socket.onopen = () => panel.opened({ send, close });
  socket.onmessage = (event) => panel.received('server', event.data);
  socket.onerror = () => panel.complain('error: the browser does not say why');
  socket.onclose = (event) => panel.closed(event.code, event.reason, event.wasClean);
}
// shown end

const js = new Panel(document.querySelector('#js'));
js.onconnect = (url) => connect(url, js);

const rust = new Panel(document.querySelector('#rust'));
const ready = startRust();
rust.onconnect = async (url) => {
  await ready;
  await chat(url, rust);
};
