// A sender in a hidden page, whose timers the browser slows down: run by `npm test -- hidden:chromium hidden:firefox`. It prints what was measured.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../run/build.mjs';
import { openSession, startDriver } from '../run/drivers.mjs';
import { serve } from '../run/js-suite.mjs';
import { endChildrenOnSignals } from '../run/process.mjs';

const tools = { paths: JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS) };
const origin = process.env.WEBSOCKET_CHANNEL_TEST_WS;
/** A hang ends here. */
const LIMIT_MS = 120_000;
const browser = process.env.WEBSOCKET_CHANNEL_BROWSER;

endChildrenOnSignals();

let site;

before(async () => {
  const folder = join(root, 'target', 'hidden');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['hidden.html', 'hidden.js']) copyFileSync(join(root, 'tests/homes', name), join(folder, name));
  copyFileSync(join(root, 'dist/index.js'), join(folder, 'websocket-channel.js'));
  site = await serve(folder);
});

after(() => site?.stop());

test(`a sender in a hidden page of ${browser} is woken by the line that drains, not by timers alone`, async () => {
  const { visible, hidden, before, after, error } = await behindAnotherTab();
  assert.equal(error, undefined);
  console.log(`${browser}, visible: ${told(visible)}`);
  console.log(`${browser}, hidden:  ${told(hidden)}; a peer that takes nothing: ${JSON.stringify(hidden.stalled)}`);
  assert.deepEqual([before, after], ['hidden', 'hidden']);
  assert.ok(hidden.sending.turns > 0);
  // One for each message is what it takes without.
  assert.ok(hidden.sending.timers < hidden.sending.mib / 4, `${hidden.sending.timers} timers`);
  // Where nothing moves nothing is asked for but timers.
  const [last, now] = hidden.stalled.turnsAtLast;
  assert.equal(now, last);
  assert.deepEqual([visible.sending.ports, hidden.sending.ports, hidden.stalled.ports], [0, 0, 0]);
});

function told({ pace, sending: { mib, seconds, timers, turns } }) {
  return `a timer of 4 ms takes ${pace.toFixed(0)} ms; ${(mib / seconds).toFixed(1)} MiB/s with ${timers} timers and ${turns} turns for ${mib} MiB`;
}

/** What the page says that was there first when another was opened. */
async function behindAnotherTab() {
  const driver = await startDriver(browser, tools);
  try {
    // Its driver turns off what is to be seen here.
    if (browser === 'chromium') driver.capabilities['goog:chromeOptions'].excludeSwitches = ['disable-background-timer-throttling'];
    const session = await openSession(driver);
    await session.get(`${site.origin}/hidden.html?origin=${encodeURIComponent(origin)}`);
    await session.wait(() => session.executeScript('return window.isReady'), LIMIT_MS);
    // Whoever asks a page brings it to the front: the other one is asked, which is of the same origin.
    await session.switchTo().newWindow('tab');
    await session.get(`${site.origin}/hidden.js`);
    const outcome = await session.wait(() => session.executeScript('return localStorage.outcome'), LIMIT_MS);
    return JSON.parse(outcome);
  } finally {
    await driver.stop();
  }
}
