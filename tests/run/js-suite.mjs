// The JavaScript tests of the built package, run inside a real browser. npm packages are imported late: set-up brings them.

import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES } from '../js/pages.js';
import { root } from './build.mjs';
import { openSession, startDriver } from './drivers.mjs';

/** The tests of one page. The slowest take a minute; each test has a limit of its own. */
const LIMIT_MS = Number(process.env.WEBSOCKET_CHANNEL_JS_LIMIT_MS ?? 300_000);
/** Who has `WebSocketStream`; of the others a test asks that they have not. */
const HAS_STREAM = ['chromium'];
/** How often to look whether the page is done. */
const LOOK_EVERY_MS = 100;

/**
 * Runs `tests/js/` in a browser and prints a line for each test that fails and one at the end.
 * @param {object} options
 * @param {string} [options.entry] which of the package's; `no-wasm` in pages whose policy allows no WebAssembly. Default: `index`
 * @param {'chromium' | 'firefox' | 'webkit'} options.browser
 * @param {{paths: Record<string, string>}} options.tools of set-up; `dist/` has been built
 * @param {{origin: string, refusedPort: number}} options.server the test server
 * @returns {Promise<{passed: number, failed: number, skipped: number}>}
 */
export async function runJsTests({ entry = 'index', browser, tools, server }) {
  const site = await serve(compose(entry));
  try {
    const driver = await startDriver(browser, tools);
    try {
      const page = `${site.origin}/?origin=${encodeURIComponent(server.origin)}&refused=${server.refusedPort}&control=${encodeURIComponent(server.control)}`;
      // `only=fuzz&fuzz=5000&seed=1` in the environment: tests/README.md.
      const chosen = process.env.WEBSOCKET_CHANNEL_JS_QUERY;
      const queries = chosen ? [chosen] : PAGES.map((_, index) => `page=${index}`);
      // It is no part of the entry without wasm.
      if (!chosen && entry === 'index') queries.push('page=session');
      if (!chosen && HAS_STREAM.includes(browser)) queries.push('transport=websocket-stream');
      const total = { passed: 0, skipped: 0, failures: [], slow: [] };
      for (const query of queries) {
        const outcome = await outcomeOf(driver, `${page}&${query}`);
        for (const key of Object.keys(total))
          total[key] = Array.isArray(total[key]) ? [...total[key], ...outcome[key]] : total[key] + outcome[key];
      }
      return report(`${browser}${entry === 'index' ? '' : `, ${entry}`}`, total);
    } finally {
      await driver.stop();
    }
  } finally {
    await site.stop();
  }
}

/** The folder that is served: the tests as they are, and the very file that is published. */
function compose(entry) {
  const folder = join(root, 'target', `js-tests-${entry}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'tests/js'), folder, { recursive: true });
  copyFileSync(join(root, `dist/${entry}.js`), join(folder, 'websocket-channel.js'));
  copyFileSync(join(root, 'dist/no-wasm.js'), join(folder, 'no-wasm.js'));
  copyFileSync(join(root, 'dist/session.js'), join(folder, 'websocket-channel-session.js'));
  copyFileSync(join(root, 'tests/session/vectors.json'), join(folder, 'vectors.json'));
  copyFileSync(join(root, 'node_modules/mocha/mocha.js'), join(folder, 'mocha.js'));
  copyFileSync(join(root, 'node_modules/chai/index.js'), join(folder, 'chai.js'));
  if (entry === 'no-wasm')
    readdirSync(folder)
      .filter((name) => name.endsWith('.html'))
      .forEach((name) => forbidWasm(join(folder, name)));
  return folder;
}

/** Content Security Policy 3: `script-src` without 'wasm-unsafe-eval' refuses WebAssembly. Scripts inside the page are allowed by their hashes. */
function forbidWasm(file) {
  const page = readFileSync(file, 'utf8');
  const inside = [...page.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(([, script]) => script);
  const hashes = inside.map((script) => ` 'sha256-${createHash('sha256').update(script).digest('base64')}'`).join('');
  writeFileSync(
    file,
    page.replace('<meta charset="utf-8" />', `$&\n  <meta http-equiv="Content-Security-Policy" content="script-src 'self'${hashes}" />`),
  );
}

/** esbuild's file server, on loopback and a free port. */
export async function serve(folder) {
  const { context } = await import('esbuild');
  const files = await context({ logLevel: 'silent' });
  const { port } = await files.serve({ servedir: folder, host: '127.0.0.1', port: 0 });
  return { origin: `http://127.0.0.1:${port}`, stop: () => files.dispose() };
}

/** Opens the page and waits until its tests are done: until its `window.outcome` says so. */
export async function outcomeOf(driver, page) {
  const session = await openSession(driver);
  try {
    await session.get(page);
    const outcome = () => session.executeScript('return window.outcome ?? null');
    try {
      await session.wait(async () => (await outcome())?.done, LIMIT_MS, undefined, LOOK_EVERY_MS);
    } catch (error) {
      const last = await outcome().catch(() => null);
      const failures = last?.failures ?? [];
      failures.push({ title: `the run did not end; last at: ${last?.current}`, message: `${error.message}`, stack: '' });
      return { passed: 0, skipped: 0, slow: [], ...last, failures };
    }
    return await outcome();
  } finally {
    // A browser that died has no session to quit.
    await session.quit().catch(() => {});
  }
}

function report(browser, { passed, skipped, failures, slow = [] }) {
  for (const { title, duration } of slow) console.log(`slow in ${browser}: ${title}: ${(duration / 1000).toFixed(1)} s`);
  for (const { title, message, stack } of failures) {
    console.log(`FAILED ${browser}: ${title}: ${message}`);
    for (const line of stack.split('\n').filter((text) => /\.js:\d/.test(text) && !/\/(mocha|chai)\.js/.test(text)))
      console.log(`    ${line.trim()}`);
  }
  console.log(`js:${browser}: ${passed} passed, ${failures.length} failed, ${skipped} skipped`);
  return { passed, failed: failures.length, skipped };
}
