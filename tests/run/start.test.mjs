// `npm start` as a person uses it: the page clicked through in a real Chromium, taken ports, signals, a bad command line.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { alive, descendants, killAll } from './process-tree.mjs';
import { setup } from './setup.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A start that has to compile; a hang ends here. */
const START = { timeout: 300_000 };
/** What a person would wait for. */
const PATIENCE_MS = 10_000;
const started = new Set();

/** Runs `npm start`, in a process group of its own as a terminal would. */
function npmStart(...args) {
  const child = spawn('npm', ['start', '--', ...args], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  child.output = '';
  // Not `close`: what it leaves behind would hold its pipes.
  child.ended = once(child, 'exit').then(([code]) => {
    started.delete(child);
    return code;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      child.output += text;
      child.emit('output');
    });
  }
  return child;
}

/** The first group of the pattern in what `child` prints. */
async function printed(child, pattern) {
  for (;;) {
    const match = child.output.match(pattern);
    if (match) return match[1];
    const more = await Promise.race([once(child, 'output'), child.ended.then(() => null)]);
    if (!more && !pattern.test(child.output)) throw new Error(`it ended without ${pattern}:\n${child.output}`);
  }
}

const ready = (child) => printed(child, /^ready: (http:\/\/127\.0\.0\.1:\d+\/)\n$/m);

after(() => {
  // Only what a failed test left behind.
  for (const child of started) killAll([...descendants(child.pid)]);
  for (const child of started) child.kill('SIGKILL');
});

/** Whether somebody listens there. */
async function listens(url) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const listens = await new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return listens;
}

describe('the page', () => {
  let browser;
  let page;
  let origin;
  let server;
  const errors = [];

  before(async () => {
    const tools = await setup({ tests: true, browsers: ['chromium'], log() {} });
    server = npmStart('--port', '0');
    origin = await ready(server);
    browser = await chromium.launch({
      executablePath: tools.paths.chromium,
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => errors.push(error));
  }, START);

  beforeEach(() => page.goto(origin));

  after(async () => {
    await browser?.close();
    server?.kill('SIGTERM');
    await server?.ended;
  }, START);

  const halves = [
    ['the class', 'The WebSocket class', '/echo'],
    ['the typed channel', 'The typed channel', '/chat'],
  ];

  /** What a person sees in the table of states. */
  const seen = async (panel) => {
    const [terms, values] = await Promise.all([panel.locator('dt').allInnerTexts(), panel.locator('dd').allInnerTexts()]);
    return Object.fromEntries(terms.map((term, index) => [term, values[index]]));
  };
  const panelOf = (title) => page.getByRole('region', { name: title });
  const state = (panel, text) =>
    panel
      .locator('dd')
      .filter({ hasText: new RegExp(`^${text}$`) })
      .first()
      .waitFor();
  const log = (panel) => panel.getByRole('log').locator('p').allInnerTexts();
  const button = (panel, name) => panel.getByRole('button', { name, exact: true });

  for (const [name, title, path] of halves) {
    test(`${name}: connects, sends, shows what comes back, and closes with code and reason`, START, async () => {
      const panel = panelOf(title);
      assert.deepEqual(await seen(panel), { State: 'not connected', 'Close code': '–', Reason: '–', Clean: '–' });
      assert.equal(await panel.getByLabel('URL').inputValue(), `${origin.replace('http', 'ws').replace(/\/$/, '')}${path}`);
      assert.ok(await button(panel, 'Send').isDisabled());
      await button(panel, 'Connect').click();
      await state(panel, 'open');
      assert.ok(await button(panel, 'Connect').isDisabled());

      await panel.getByLabel('Message').fill('Grüße, 世界');
      await page.keyboard.press('Enter');
      await panel.getByText('server Grüße, 世界').waitFor();
      assert.deepEqual(await log(panel), ['open', 'you Grüße, 世界', 'server Grüße, 世界']);

      await panel.getByLabel('Code', { exact: true }).fill('4321');
      await panel.getByLabel('Reason').fill('that was it');
      await button(panel, 'Close').click();
      await state(panel, 'closed');
      assert.deepEqual(await seen(panel), { State: 'closed', 'Close code': '4321', Reason: 'that was it', Clean: 'yes' });
      assert.ok(await button(panel, 'Send').isDisabled());
      // The keyboard has kept its place.
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Close');
    });

    test(`${name}: shows the code and reason of the server`, START, async () => {
      const panel = panelOf(title);
      await panel.getByLabel('URL').fill(`${origin.replace('http', 'ws')}close?code=4000&reason=so%20long`);
      await button(panel, 'Connect').click();
      await state(panel, 'closed');
      assert.deepEqual(await seen(panel), { State: 'closed', 'Close code': '4000', Reason: 'so long', Clean: 'yes' });
    });

    test(`${name}: says what is wrong with a URL and with a close code`, START, async () => {
      const panel = panelOf(title);
      const url = await panel.getByLabel('URL').inputValue();
      await panel.getByLabel('URL').fill('ws://[');
      await button(panel, 'Connect').click();
      await panel
        .getByRole('alert')
        .getByText(/SyntaxError|BAD_URL/)
        .waitFor();
      assert.equal((await seen(panel)).State, 'not connected');

      await panel.getByLabel('URL').fill(url);
      await button(panel, 'Connect').click();
      await state(panel, 'open');
      assert.equal(await panel.getByRole('alert').innerText(), '');
      await panel.getByLabel('Code', { exact: true }).fill('1001');
      await button(panel, 'Close').click();
      await panel
        .getByRole('alert')
        .getByText(/InvalidAccessError|BAD_CLOSE_CODE/)
        .waitFor();
      await panel.getByLabel('Code', { exact: true }).fill('1000');
      await button(panel, 'Send').click();
      await button(panel, 'Close').click();
      await state(panel, 'closed');
    });

    test(`${name}: says that a connection failed`, START, async () => {
      const panel = panelOf(title);
      await panel.getByLabel('URL').fill(`${origin.replace('http', 'ws')}status/404`);
      await button(panel, 'Connect').click();
      await panel
        .getByText(/closed with 1006|CONNECT_FAILED/)
        .first()
        .waitFor();
      assert.ok(await button(panel, 'Connect').isEnabled());
    });

    test(`${name}: shows the code that does it`, START, async () => {
      const hasText = name === 'the class' ? /new WebSocket\(url\)/ : /connect\(url\)\.codec\(Json\)\.await/;
      // It is fetched, and nothing else waits for it.
      await panelOf(title).locator('pre').filter({ hasText }).waitFor();
    });
  }

  test('fits a telephone, in light and in dark, and threw nothing', START, async () => {
    mkdirSync(join(root, 'target'), { recursive: true });
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [360, 'light'],
      [360, 'dark'],
    ]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      // For people to look at.
      await page.screenshot({ path: join(root, 'target', `page-${colorScheme}-${width}.png`), fullPage: true });
    }
    assert.deepEqual(errors, []);
  });
});

describe('npm start', () => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    test(`ends everything it started at ${signal}`, START, async () => {
      const child = npmStart('--port', '0');
      const url = await ready(child);
      const began = descendants(child.pid);
      assert.ok(began.length >= 2, 'node and the server');
      assert.ok(await listens(url));
      // As a terminal does it at Ctrl-C: to the whole group. SIGTERM comes to npm alone.
      if (signal === 'SIGINT') process.kill(-child.pid, signal);
      else child.kill(signal);
      await child.ended;
      assert.ok(!(await listens(url)));
      assert.deepEqual(alive(began), []);
    });
  }

  test('ends while it builds, too', START, async () => {
    const child = npmStart('--port', '0');
    await printed(child, /(building)/);
    const began = descendants(child.pid);
    child.kill('SIGTERM');
    assert.notEqual(await child.ended, 0);
    assert.deepEqual(alive(began), []);
    assert.doesNotMatch(child.output, /ready:|^ {4}at /m);
  });

  test('on a port in use says so and uses another', START, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    const child = npmStart('--port', `${port}`);
    const url = await ready(child);
    assert.match(child.output, new RegExp(`^port ${port} is taken; taking another$`, 'm'));
    assert.notEqual(new URL(url).port, `${port}`);
    assert.match(await (await fetch(url)).text(), /<title>websocket-channel<\/title>/);
    child.kill('SIGTERM');
    await child.ended;
    other.close();
  });

  test('uses the given port', START, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    other.close();
    await once(other, 'close');
    const child = npmStart(`--port=${port}`);
    assert.equal(new URL(await ready(child)).port, `${port}`);
    child.kill('SIGTERM');
    await child.ended;
  });

  for (const args of [
    ['--port'],
    ['--port', 'http'],
    ['--port', '65536'],
    ['--port', '-1'],
    ['--prot', '1'],
    ['8080'],
    ['--port', '1', 'more'],
  ]) {
    test(`refuses ${args.join(' ')} with one sentence and exit code 2`, START, async () => {
      const child = npmStart(...args);
      assert.equal(await child.ended, 2);
      assert.match(child.output, /^npm start: .*$/m);
      assert.doesNotMatch(child.output, /^ {4}at |building/m);
    });
  }
});
