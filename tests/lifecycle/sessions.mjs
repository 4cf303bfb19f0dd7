// The same page with a session, which sends a number every 20 ms: whatever happens to it, each number comes back once, in order.

import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'node:test';

const WHOLE = Boolean(process.env.WEBSOCKET_CHANNEL_ALL);
/** With a heartbeat of 2 s a server gives up a client after 4 s of silence. */
const HEARTBEAT_MS = 2000;
/** Long enough for a deadline of the page's to fire late, and too short for the server. */
const ASLEEP_MS = 3000;
const MINUTE_MS = 60_000;
let tags = 0;

/**
 * @param {'chromium' | 'firefox' | 'webkit'} browser
 * @param {{ origin: string, control: string, page: () => object }} tools the test server, and the page once it is there
 */
export function testSessions(browser, { origin, control, page }) {
  const script = (text) => page().script(text);
  const until = (condition) => page().until(condition);
  const noted = (what) => until(`window.notes.some((note) => note.what === ${JSON.stringify(what)})`);

  /** Opens the page and its session; gives the tag of its connections. */
  async function open() {
    const tag = `session-${browser}-${(tags += 1)}`;
    const url = encodeURIComponent(`${origin}/session/echo?heartbeat=${HEARTBEAT_MS}&tag=${tag}`);
    await page().session.get(`${page().origin}/lifecycle.html?session&url=${url}`);
    await until('window.numbers?.length > 10');
    await script("window.note('begin')");
    return tag;
  }

  /** What was sent by now comes back; every number came once, in order. Gives what the page has noted since it began. */
  async function goesOn(what, resumes = true) {
    const sent = await script('return window.sent');
    await until(`window.numbers.at(-1) >= ${sent}`);
    const { numbers, notes, resumed } = await script('return { numbers: window.numbers, notes: window.notes, resumed: window.resumed() }');
    numbers.forEach((number, index) => assert.equal(number, index, 'lost, repeated or reordered'));
    const from = notes.findIndex((note) => note.what === 'begin');
    const since = notes.slice(from).map((note) => [note.what, Math.round(note.at - notes[from].at)]);
    console.log(`${browser}, ${what}: ${numbers.length} numbers, resumed ${resumed}, ${JSON.stringify(since)}`);
    assert.equal(resumed > 0, resumes, JSON.stringify(since));
    assert.ok(!since.some(([word]) => ['gap', 'error', 'end'].includes(word)), JSON.stringify(since));
    return since;
  }

  test(`a session in ${browser} goes on when the page comes back from the back/forward cache`, async (context) => {
    await open();
    await script("location.href = 'away.html'");
    await until("document.title === 'away'");
    await page().session.navigate().back();
    await until('window.notes?.length > 0');
    if (!(await script("return window.notes.some(({ what }) => what.startsWith('pageshow'))"))) {
      assert.notEqual(browser, 'webkit', 'WebKit keeps every page');
      return context.skip('the browser did not keep the page');
    }
    await goesOn('kept in the cache');
  });

  test(`a session in ${browser} goes on when the page was frozen`, { skip: browser !== 'chromium' }, async () => {
    await open();
    for (const state of ['frozen', 'active']) await page().devTools('Page.setWebLifecycleState', { state });
    await noted('resume: reconnecting');
    await goesOn('frozen');
  });

  test(`a session in ${browser} goes on when the page was offline`, { skip: browser !== 'chromium' }, async () => {
    const tag = await open();
    const network = (offline) =>
      page().devTools('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await page().devTools('Network.enable', {});
    await network(true);
    await until('navigator.onLine === false');
    const cut = await fetch(`${control}/cut?tag=${tag}`);
    assert.ok(cut.ok, await cut.text());
    await noted('status: reconnecting');
    await network(false);
    await noted('online');
    await goesOn('offline');
  });

  test(`a session in ${browser} goes on when the browser ends the page's sockets`, { skip: browser !== 'firefox' }, async () => {
    await open();
    // As a link to a download does: a clean 1001, and the page stays.
    await script('window.stop()');
    await noted('status: reconnecting');
    await goesOn('sockets ended');
  });

  test(`a session in ${browser} keeps its connection over ${ASLEEP_MS} ms in which the page stands still`, async () => {
    await open();
    // B-R13: the deadline of the heartbeat is overdue then, and runs before what has arrived.
    await script(`const until = performance.now() + ${ASLEEP_MS}; while (performance.now() < until);`);
    await goesOn('standing still', false);
  });

  test(`a session in ${browser} does not notice that the clock is set`, async () => {
    await open();
    for (const hours of [24, -48]) {
      await script(`const now = Date.now; Date.now = () => now() + ${hours} * 3_600_000`);
      // Longer than every deadline of the heartbeat.
      await wait(2 * HEARTBEAT_MS);
    }
    await goesOn('the clock was set', false);
  });

  test(`a session in ${browser} lives through a minute in a hidden tab`, { skip: !WHOLE || browser === 'webkit' }, async () => {
    await open();
    const { session } = page();
    const first = await session.getWindowHandle();
    await session.switchTo().newWindow('tab');
    // Chromium brings a tab to the front when it loads something.
    await session.get(`${page().origin}/away.html`);
    await wait(MINUTE_MS);
    await session.close();
    await session.switchTo().window(first);
    // Chromium tells a page that it was hidden when it is seen again.
    await noted('visible');
    await goesOn('hidden for a minute', false);
  });
}
