// The WebDriver servers of the three browsers, started by path on free ports and gone with everything they started.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { end, start, whenEnding } from './process.mjs';
import { descendants, killAll } from './process-tree.mjs';

/** A driver that does not listen in this time never will; a cold disk takes a few seconds. */
const START_LIMIT_MS = 30_000;

/** What each browser is asked for: nobody watches it, and it talks to nobody but us. */
export function capabilities(browser, tools) {
  switch (browser) {
    case 'chromium':
      return {
        'goog:chromeOptions': {
          binary: tools.paths.chromium,
          args: [
            '--headless=new',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--disable-quic',
            // Containers often have a tiny /dev/shm.
            '--disable-dev-shm-usage',
            // `gc()`, for the tests that look for leaks.
            '--js-flags=--expose-gc',
            // Chromium refuses to run as root in its sandbox.
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
          ],
        },
      };
    case 'firefox':
      return {
        'moz:firefoxOptions': {
          binary: tools.paths.firefox,
          args: ['-headless'],
          prefs: {
            // Firefox delays a connection to where one failed, by more each time: the tests fail on purpose, and often.
            'network.websocket.delay-failed-reconnects': false,
          },
        },
      };
    case 'webkit':
      return { 'webkitgtk:browserOptions': { binary: tools.paths.miniBrowser, args: ['--automation'] } };
    default:
      throw new Error(`unknown browser ${browser}`);
  }
}

/**
 * Starts the driver of a browser.
 * @param {'chromium' | 'firefox' | 'webkit'} browser
 * @param {{paths: Record<string, string>}} tools of set-up
 * @returns {Promise<{url: string, capabilities: object, stop(): Promise<void>}>}
 */
export async function startDriver(browser, tools) {
  const children = [];
  // Profiles go here, and with it.
  const scratch = mkdtempSync(join(tmpdir(), 'websocket-channel-'));
  const stop = async () => {
    forget();
    const started = children.flatMap(({ pid }) => descendants(pid));
    // The display last: a browser without one writes core dumps and complaints.
    for (const child of children.reverse()) await end(child);
    killAll(started);
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const forget = whenEnding(stop);
  const launch = (program, args, env) => {
    const child = start(program, args, { env: { TMPDIR: scratch, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    child.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (child.output += text));
    }
    return child;
  };
  try {
    const url = await within(START_LIMIT_MS, listening[browser](launch, tools), () => children.map((each) => each.output).join(''));
    return { url, capabilities: capabilities(browser, tools), stop };
  } catch (error) {
    await stop();
    throw new Error(`the driver of ${browser} did not start: ${error.message}`);
  }
}

/** A session of a driver: one browser. npm packages are imported late: set-up brings them. */
export async function openSession({ url, capabilities }) {
  const { Capabilities, WebDriver } = await import('selenium-webdriver');
  const { Executor, HttpClient } = await import('selenium-webdriver/http/index.js');
  return WebDriver.createSession(new Executor(new HttpClient(url)), new Capabilities(capabilities));
}

/** Per browser: starts its driver and waits until it listens. */
const listening = {
  async chromium(launch, { paths }) {
    return announced(launch(paths.chromedriver, ['--port=0']), /started successfully on port (\d+)/);
  },
  async firefox(launch, { paths }) {
    return announced(launch(paths.geckodriver, ['--port', '0', '--websocket-port', '0']), /Listening on 127\.0\.0\.1:(\d+)/);
  },
  async webkit(launch, { paths }) {
    // WebKitGTK has no headless mode. Xvfb takes a free display and tells which.
    const display = await line(launch(paths.xvfb, ['-displayfd', '1', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']), /^(\d+)$/);
    // Its driver tells no port, so it is given one.
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const driver = launch(paths.webkitDriver, [`--port=${port}`, '--host=127.0.0.1'], { DISPLAY: `:${display}`, GDK_BACKEND: 'x11' });
    let ended = false;
    driver.once('close', () => (ended = true));
    while (
      !(await fetch(`${url}/status`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (ended) throw new Error('it ended at once');
      await delay(20);
    }
    return url;
  },
};

async function announced(child, pattern) {
  return `http://127.0.0.1:${await line(child, pattern)}`;
}

/** The first group of the first line that matches. */
function line(child, pattern) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const match = text.match(pattern);
      if (match) resolve(match[1]);
    });
    child.once('close', () => reject(new Error('it ended at once')));
  });
}

async function within(limit, promise, output) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it does not listen after ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw new Error(`${error.message}\n${output()}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A port that nobody listens on, for a program that must be given one. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
