// The client under test is a page: the class of the npm package, in Chromium.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run/build.mjs';
import { startDriver } from '../run/drivers.mjs';
import { outcomeOf, serve } from '../run/js-suite.mjs';

/** As tests/interop/src/autobahn.rs. Runs in the page. */
const PAGE = `<!doctype html><title>Autobahn</title><script type="module">
  import { WebSocket } from './websocket-channel.js';
  const server = new URLSearchParams(location.search).get('server');
  const session = (path, onmessage) => new Promise((resolve) => {
    const socket = new WebSocket(server + path);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event) => onmessage(event.data, socket);
    socket.onclose = resolve;
  });
  window.outcome = { done: false, current: 'getCaseCount' };
  let count = 0;
  await session('/getCaseCount', (data) => (count = Number(data)));
  for (let index = 1; index <= count; index += 1) {
    window.outcome.current = 'case ' + index;
    await session('/runCase?agent=websocket-channel&case=' + index, (data, socket) => socket.send(data));
  }
  await session('/updateReports?agent=websocket-channel', () => {});
  window.outcome = { done: true };
</script>`;

/** Runs every case that the tool at `address` has. */
export async function runInChromium(tools, address) {
  const folder = join(root, 'target', 'conformance');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.html'), PAGE);
  copyFileSync(join(root, 'dist/index.js'), join(folder, 'websocket-channel.js'));
  const site = await serve(folder);
  try {
    const driver = await startDriver('chromium', tools);
    try {
      const outcome = await outcomeOf(driver, `${site.origin}/?server=${encodeURIComponent(address)}`);
      if (!outcome.done) throw new Error(outcome.failures.map((failure) => failure.title).join('\n'));
    } finally {
      await driver.stop();
    }
  } finally {
    await site.stop();
  }
}
