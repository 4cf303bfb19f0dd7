// A page with a Rust channel that connects again, which is frozen, left by a link and come back to, or taken offline: `npm test -- lifecycle:chromium
// lifecycle:firefox lifecycle:webkit`. Nothing that `send` resolved for may be missing, and the channel is back without a delay.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, wasm } from '../run/build.mjs';
import { drive } from '../run/driven.mjs';
import { endChildrenOnSignals } from '../run/process.mjs';
import { setupOrExit } from '../run/setup.mjs';
import { testSessions } from './sessions.mjs';

const paths = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS);
const origin = process.env.WEBSOCKET_CHANNEL_TEST_WS;
const control = process.env.WEBSOCKET_CHANNEL_TEST_CONTROL;
const browser = process.env.WEBSOCKET_CHANNEL_BROWSER;
/** A channel that does not wait is back after this, on a busy machine. With the delays of the policy it could be, too, but not each time. */
const AT_ONCE_MS = 1000;

endChildrenOnSignals();

let page;
let tags = 0;

before(async () => {
  const folder = join(root, 'target', 'lifecycle');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = await wasm(await setupOrExit(), { name: 'websocket-channel-lifecycle', out: 'lifecycle-page' });
  copyFileSync(files.glue, join(folder, 'websocket_channel_lifecycle.js'));
  copyFileSync(files.wasm, join(folder, 'websocket_channel_lifecycle_bg.wasm'));
  for (const name of ['lifecycle.html', 'lifecycle.js']) copyFileSync(join(root, 'tests/lifecycle', name), join(folder, name));
  writeFileSync(join(folder, 'away.html'), '<!doctype html><meta charset="utf-8" /><title>away</title>');
  page = await drive(browser, { paths }, folder, { throttles: true });
});

after(() => page?.stop());

const script = (text) => page.script(text);
const until = (condition) => page.until(condition);
const noted = (what) => until(`window.notes.some((note) => note.what === ${JSON.stringify(what)})`);

/** Opens the page and its channel; gives the tag of its connections. */
async function open() {
  const tag = `lifecycle-${browser}-${(tags += 1)}`;
  const url = encodeURIComponent(`${origin}/echo?tag=${tag}`);
  await page.session.get(`${page.origin}/lifecycle.html?url=${url}`);
  await until("window.notes?.some((note) => note.what === 'open')");
  await script("window.send('before')");
  await noted('before');
  return tag;
}

/** What the page has noted since something, in order, and how long after it. */
async function since(what) {
  const notes = await script('return window.notes');
  const from = notes.findLastIndex((note) => note.what === what);
  assert.notEqual(from, -1, JSON.stringify(notes));
  return notes.slice(from).map((note) => [note.what, Math.round(note.at - notes[from].at)]);
}

/** After an event that ends a page's connections: it was known in the page's own listener, and what was sent there arrived, once. */
async function isBack(event) {
  await noted(`from ${event}`);
  const notes = await since(`${event}: reconnecting`);
  console.log(browser, JSON.stringify(notes));
  const words = notes.map(([what]) => what);
  const order = ['gap', `from ${event}`].map((what) => words.indexOf(what));
  assert.ok(order[0] > 0 && order[0] < order[1], JSON.stringify(notes));
  assert.equal(words.filter((what) => what === `from ${event}`).length, 1);
  assert.ok(words.includes(`sent: from ${event}`));
  assert.ok(notes[order[0]][1] < AT_ONCE_MS, `back after ${notes[order[0]][1]} ms`);
}

test(`a page of ${browser} that comes back from the back/forward cache has its channel back`, async (context) => {
  await open();
  await script("location.href = 'away.html'");
  await until("document.title === 'away'");
  await page.session.navigate().back();
  await until('window.notes?.length > 0');
  if (!(await script("return window.notes.some(({ what }) => what.startsWith('pageshow'))"))) {
    assert.notEqual(browser, 'webkit', 'WebKit keeps every page');
    return context.skip('the browser did not keep the page');
  }
  await isBack('pageshow');
});

test(`a page of ${browser} that was frozen has its channel back`, { skip: browser !== 'chromium' }, async () => {
  await open();
  for (const state of ['frozen', 'active']) await page.devTools('Page.setWebLifecycleState', { state });
  await isBack('resume');
});

test(`a page of ${browser} that was offline connects as soon as it is online`, { skip: browser !== 'chromium' }, async () => {
  const tag = await open();
  const network = (offline) =>
    page.devTools('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await page.devTools('Network.enable', {});
  await network(true);
  await until('navigator.onLine === false');
  // An open connection lives on, and is not given up for a hint.
  assert.equal(await script('return window.channelStatus()'), 'open');
  await script("window.send('offline')");
  await noted('offline');
  const cut = await fetch(`${control}/cut?tag=${tag}`);
  assert.ok(cut.ok, await cut.text());
  await until("window.channelStatus() === 'reconnecting'");
  await script("window.send('kept')");
  await network(false);
  await noted('kept');
  const notes = await since('online');
  console.log(browser, JSON.stringify(notes));
  assert.deepEqual(
    notes.map(([what]) => what),
    ['online', 'gap', 'sent: kept', 'kept'],
  );
  assert.ok(notes[1][1] < AT_ONCE_MS, `back after ${notes[1][1]} ms`);
});

test(`a page of ${browser} whose sockets the browser ends by itself has its channel back`, { skip: browser !== 'firefox' }, async () => {
  await open();
  // As a link to a download does: a clean 1001, and the page stays.
  await script("window.note('stop'); window.stop()");
  await noted('gap');
  await script("window.send('after')");
  await noted('after');
  const notes = await since('stop');
  console.log(browser, JSON.stringify(notes));
  assert.ok(notes[1][1] < AT_ONCE_MS, `back after ${notes[1][1]} ms`);
});

testSessions(browser, { origin, control, page: () => page });
