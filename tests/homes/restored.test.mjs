// A page with an open `Channel` that is left by a link and come back to, or frozen: run by `npm test -- restored:chromium restored:firefox
// restored:webkit`. No `send` may resolve for a message that is lost.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../run/build.mjs';
import { drive } from '../run/driven.mjs';
import { endChildrenOnSignals } from '../run/process.mjs';

const tools = { paths: JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS) };
const origin = process.env.WEBSOCKET_CHANNEL_TEST_WS;
const browser = process.env.WEBSOCKET_CHANNEL_BROWSER;
/** Firefox keeps no page with a WebSocket. */
const KEEPS = ['chromium', 'webkit'];

endChildrenOnSignals();

let page;

before(async () => {
  const folder = join(root, 'target', 'restored');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['restored.html', 'restored.js']) copyFileSync(join(root, 'tests/homes', name), join(folder, name));
  copyFileSync(join(root, 'dist/index.js'), join(folder, 'websocket-channel.js'));
  writeFileSync(join(folder, 'away.html'), '<!doctype html><meta charset="utf-8" /><title>away</title>');
  page = await drive(browser, tools, folder);
});

after(() => page?.stop());

const script = (text) => page.script(text);
const until = (condition) => page.until(condition);

/** Opens the page, and its channel. */
async function open() {
  await page.session.get(`${page.origin}/restored.html?origin=${encodeURIComponent(origin)}`);
  await until('window.isReady === true');
}

/** Nothing is pending: what was sent has arrived, or came back. */
async function settled() {
  await until("window.found.sent.length > 0 && !window.found.sent.includes('pending')");
  return script('return window.found');
}

test(`a page of ${browser} that comes back from the back/forward cache has no channel that says it is open`, async (context) => {
  await open();
  await script("location.href = 'away.html'");
  await until("document.title === 'away'");
  await page.session.navigate().back();
  await until('window.found?.persisted.length > 0');
  if (!(await script('return window.found.persisted.at(-1)'))) {
    assert.ok(!KEEPS.includes(browser) || browser === 'chromium', `${browser} did not keep the page`);
    return context.skip('the browser did not keep the page');
  }
  const { seen, sent } = await settled();
  await until('window.found.ended !== null');
  console.log(browser, JSON.stringify(seen), JSON.stringify(sent));
  const { state, tried } = seen.find(({ event }) => event === 'pageshow');
  assert.deepEqual([state, tried], ['closed', 'NOT_OPEN']);
  for (const outcome of sent) assert.match(outcome, /^NOT_OPEN: sent in /);
  const { ended, echoed } = await script('return window.found');
  assert.deepEqual([ended.thrown, ended.by, ended.wasClean, echoed], ['CHANNEL_CLOSED', 'error', false, []]);
});

test(`a page of ${browser} that was frozen sends nothing that is lost`, { skip: browser !== 'chromium' }, async () => {
  await open();
  for (const state of ['frozen', 'active']) await page.devTools('Page.setWebLifecycleState', { state });
  const { seen, sent } = await settled();
  console.log(browser, JSON.stringify(seen), JSON.stringify(sent));
  assert.equal(seen[0].event, 'resume');
  assert.equal(seen[0].tried, false);
  if (sent[0].startsWith('resolved')) await until('window.found.echoed.length === 1');
  else assert.equal(sent[0], 'NOT_OPEN: sent in resume');
});
