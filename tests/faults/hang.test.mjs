// Faults that hang a browser: `table.md` says which, and each is met here in a session of its own, which is killed. Run by `npm test -- hang`.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startDriver } from '../run/drivers.mjs';
import { endChildrenOnSignals } from '../run/process.mjs';
import { startTestServer } from '../run/test-server.mjs';

/** What set-up brought, told by the suite. */
const tools = { paths: JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS) };
/** A browser that is well answers in a fraction of this; one that hangs never does. */
const PATIENCE_MS = 5_000;
const HANGS = 'hangs';
const COLUMNS = ['native', 'chromium', 'firefox', 'webkit'];

endChildrenOnSignals();

const table = readFileSync(new URL('table.md', import.meta.url), 'utf8');
const hanging = [...table.matchAll(/^\| `(.+)` \| (.+) \|$/gm)].flatMap(([, fault, cells]) =>
  cells.split(' | ').flatMap((cell, index) => (cell.startsWith(HANGS) ? [{ fault, browser: COLUMNS[index] }] : [])),
);

for (const { fault, browser } of hanging) {
  test(`${fault} hangs ${browser}`, async () => {
    assert.equal(await meet(browser, fault), HANGS);
  });
}

test('a fault that does not hang is told apart from one that does', async () => {
  assert.equal(await meet(hanging[0].browser, 'window-server-10'), 'hi, 1000');
});

/** What a page tells of a fault, or that neither it nor the browser's own driver tells anything any more. */
async function meet(browser, fault) {
  const { Capabilities, WebDriver } = await import('selenium-webdriver');
  const { Executor, HttpClient } = await import('selenium-webdriver/http/index.js');
  const server = await startTestServer();
  const driver = await startDriver(browser, tools);
  try {
    const executor = new Executor(new HttpClient(driver.url));
    const session = WebDriver.createSession(executor, new Capabilities(driver.capabilities));
    await session.get(`${server.origin.replace('ws', 'http')}/faults`);
    const told = session.executeAsyncScript(page, `${server.origin}/fault/${fault}`);
    // A browser that is killed does not answer: nobody waits for that any more.
    told.catch(() => {});
    const first = await answered(told);
    if (first !== null) return first;
    // The connection may be what does not end. A browser that is well has a title all the same.
    const title = session.getTitle();
    title.catch(() => {});
    return (await answered(title)) === null ? HANGS : 'the connection does not end';
  } finally {
    await driver.stop();
    await server.stop();
  }
}

/** Runs in the page. */
function page(url, done) {
  const socket = new WebSocket(url);
  const told = [];
  socket.onmessage = ({ data }) => told.push(data);
  socket.onclose = ({ code }) => done([...told, code].join(', '));
}

async function answered(promise) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, null)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
