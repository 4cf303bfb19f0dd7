// README begin
import { chromium } from 'playwright-core';

const { WEBSOCKET_CHANNEL_TEST_WS: ws, WEBSOCKET_CHANNEL_TEST_CONTROL: control, CHROMIUM: executablePath } = process.env;
const browser = await chromium.launch({ executablePath });
const page = await browser.newPage();
await page.evaluate(async (url) => {
  window.socket = new WebSocket(url);
  window.closed = new Promise((resolve) => (window.socket.onclose = resolve));
  await new Promise((resolve) => (window.socket.onopen = resolve));
}, `${ws}/echo?tag=page`);

await fetch(`${control}/cut?tag=page&how=fin`);
const { code, wasClean } = await page.evaluate(async () => {
  const { code, wasClean } = await window.closed;
  return { code, wasClean };
});
console.log(code, wasClean); // 1006 false
await browser.close();
// README end
