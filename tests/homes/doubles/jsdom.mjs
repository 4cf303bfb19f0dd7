// The package inside of jsdom's window, as Jest runs it: the window's own WebSocket, events and document, and neither `TextEncoder` nor `TextDecoder`,
// which jsdom before 31 does not have.
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

const here = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const { window } = new JSDOM('', { url: 'http://127.0.0.1/', runScripts: 'outside-only' });
delete window.TextEncoder;
delete window.TextDecoder;
console.log(typeof window.TextEncoder, typeof window.TextDecoder, window.eval('typeof TextEncoder'));
window.eval(here('../node_modules/websocket-channel/dist/websocket-channel.iife.js'));
window.eval(here('../exchange.classic.js'));
window.echo = process.argv.at(-1);
console.log(await window.eval('exchange(WebSocketChannel, echo)'));
const text = await window.eval(`(async () => {
  const channel = new WebSocketChannel.Channel(echo, { codec: 'text' });
  await channel.send('é \\ud800 𝄞');
  const { value } = await channel[Symbol.asyncIterator]().next();
  const { reason } = await channel.close(4000, 'é');
  return [value, reason].join(' ');
})()`);
console.log(text);
process.exit();
