#!/usr/bin/env node
// Brings what the project's commands need and does nothing when all is there. `npm start` and `npm test` call it;
// by hand: node tests/run/setup.mjs [--tests] [--browsers chromium,firefox,webkit] [--needs peers,python,nginx,haproxy,apache,perl,tinyproxy,runtimes]
//
//   always        Rust's standard library for wasm32, the wasm-bindgen CLI of Cargo.lock's version, the npm packages
//   with --tests  wasm-pack, and the browsers with their drivers; for WebKit, Xvfb (WebKitGTK has no headless mode); and what
//                 some suites run beside ours: the npm and Python packages of tests/peers, nginx, HAProxy, Apache, tinyproxy, a Perl module
//
// Tools go to a cache keyed by version: WEBSOCKET_CHANNEL_CACHE, else $XDG_CACHE_HOME/websocket-channel, else
// ~/.cache/websocket-channel (~/Library/Caches/… on macOS). Only Debian packages are installed system-wide, and rustup
// gets its wasm32 target. Programs that are not on PATH can be named by CHROMIUM, CHROMEDRIVER, FIREFOX, GECKODRIVER,
// WEBKIT_DRIVER, MINI_BROWSER, XVFB, NGINX, HAPROXY, APACHE, TINYPROXY and PYTHON. Exit codes: 0 all there; 2 something is missing that it could not bring (it
// says what to do); 130 and the like: ended by a signal.

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BROWSERS } from './setup/browsers.mjs';
import { Cache, cacheFolder } from './setup/cache.mjs';
import { SetupFailure } from './setup/failure.mjs';
import { NEEDS } from './setup/needs.mjs';
import { look, refuse, take } from './setup/plan.mjs';
import { listenForInterrupts } from './setup/process.mjs';
import { neededRust } from './setup/rust.mjs';
import { describeSystem } from './setup/system.mjs';

export { BROWSERS, NEEDS, SetupFailure };

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Brings everything and tells where it is.
 *
 * @param {object} [options]
 * @param {boolean} [options.tests] also what only the tests need; default: no
 * @param {string[]} [options.browsers] for the tests; default: all of `BROWSERS`
 * @param {string[]} [options.needs] of `NEEDS`, for the tests; default: all
 * @param {(line: string) => void} [options.log] default: standard output
 * @param {Record<string, string>} [options.env] where to look for programs and the cache; default: this process's
 * @param {string} [options.osRelease] the file that names the distribution
 * @returns {Promise<{env: Record<string, string>, paths: Record<string, string>}>}
 *   `env`: to be added to the environment of every command that builds for wasm32 or uses the tools
 *   (`{...process.env, ...tools.env}`); native builds and rustfmt run without it.
 *   `paths`: wasmBindgen, wasmBindgenTestRunner; with `tests` also wasmPack and, of the chosen browsers, chromium and
 *   chromedriver, firefox and geckodriver, webkitDriver, miniBrowser and xvfb, and of the needs python, nginx, haproxy, apache, perl (a folder for `-I`), tinyproxy, node22, node24, node26, deno and bun.
 * @throws {SetupFailure} with a message for the user and an exit code
 */
export async function setup({
  tests = false,
  browsers = BROWSERS,
  needs = NEEDS,
  log = console.log,
  env = process.env,
  osRelease = '/etc/os-release',
} = {}) {
  const began = Date.now();
  const context = {
    checkout: CHECKOUT,
    cache: new Cache(cacheFolder(env)),
    env,
    log,
    system: describeSystem(osRelease),
    neededRust: neededRust(CHECKOUT),
  };
  const wanted = { tests, browsers, needs: tests ? needs : [] };
  let { steps, tools } = await look(context, wanted);
  if (steps.length === 0) {
    log(`set-up: all there (${seconds(began)})`);
    return tools;
  }
  refuse(steps, context);

  const stopListening = listenForInterrupts(log);
  let unlock = () => {};
  try {
    unlock = await context.cache.lock(log);
    context.cache.sweep();
    // Another run may have brought it while this one waited.
    ({ steps } = await look(context, wanted));
    log(`set-up: missing, and brought now (tools go to ${context.cache.folder}):`);
    for (const step of steps) log(`  - ${step.what}: usually ${step.usual}`);
    for (const [index, step] of steps.entries()) {
      const stepBegan = Date.now();
      log(`  ${index + 1}/${steps.length} ${step.what} …`);
      await take(step, context);
      log(`      done in ${seconds(stepBegan)}`);
    }
    context.cache.dropBuildFolder();
    ({ steps, tools } = await look(context, wanted));
  } finally {
    unlock();
    stopListening();
  }
  if (steps.length > 0) {
    throw new SetupFailure(
      `set-up: still missing after all steps went well: ${steps.map((step) => step.what).join(', ')}; the output is in ${context.cache.logFile('*')}`,
    );
  }
  log(`set-up: done in ${seconds(began)}`);
  return tools;
}

/** `setup` for programs: a failure is printed and ends the process. */
export async function setupOrExit(options) {
  try {
    return await setup(options);
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    console.error(error.message);
    return process.exit(error.exitCode);
  }
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

/** The members of a list on the command line; none given means all. */
function chosen(what, list, all) {
  const names = list?.split(',').filter(Boolean) ?? all;
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`unknown ${what} ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return names;
}

async function main() {
  let options;
  try {
    const { values } = parseArgs({ options: { tests: { type: 'boolean' }, browsers: { type: 'string' }, needs: { type: 'string' } } });
    const browsers = chosen('browser', values.browsers, BROWSERS);
    const needs = chosen('need', values.needs, NEEDS);
    options = { tests: values.tests || values.browsers !== undefined || values.needs !== undefined, browsers, needs };
  } catch (error) {
    console.error(
      `set-up: ${error.message}\nusage: node tests/run/setup.mjs [--tests] [--browsers ${BROWSERS.join(',')}] [--needs ${NEEDS.join(',')}]`,
    );
    process.exit(2);
  }
  await setupOrExit(options);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
