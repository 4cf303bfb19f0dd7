// A site of ours in a browser that is driven by its WebDriver: for tests of what a browser does to a page.

import assert from 'node:assert/strict';
import { openSession, startDriver } from './drivers.mjs';
import { serve } from './js-suite.mjs';

/** A hang of a page ends here. */
const LIMIT_MS = 30_000;

/**
 * Serves a folder and starts a browser.
 * @param {'chromium' | 'firefox' | 'webkit'} browser
 * @param {{paths: Record<string, string>}} tools of set-up
 * @param {string} folder
 * @param {{ throttles?: boolean }} [options] whether Chromium throttles the timers of hidden tabs: its driver turns that off
 */
export async function drive(browser, tools, folder, { throttles = false } = {}) {
  const site = await serve(folder);
  let driver;
  let session;
  const stop = async () => {
    await session?.quit().catch(() => {});
    await driver?.stop();
    await site.stop();
  };
  try {
    driver = await startDriver(browser, tools);
    if (browser === 'chromium' && throttles) {
      driver.capabilities['goog:chromeOptions'].excludeSwitches = ['disable-background-timer-throttling'];
    }
    session = await openSession(driver);
  } catch (error) {
    await stop();
    throw error;
  }
  const script = (text) => session.executeScript(text);
  return {
    origin: site.origin,
    session,
    /** Runs a script in the page. */
    script,
    /** Resolves when an expression of the page's is true. */
    until: (condition) => session.wait(() => script(`return ${condition}`), LIMIT_MS),
    /** Sends a command of Chromium's own protocol. */
    async devTools(cmd, params) {
      const id = (await session.getSession()).getId();
      const response = await fetch(`${driver.url}/session/${id}/goog/cdp/execute`, {
        method: 'POST',
        body: JSON.stringify({ cmd, params }),
      });
      assert.ok(response.ok, await response.text());
    },
    stop,
  };
}
