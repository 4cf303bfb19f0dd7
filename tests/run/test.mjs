#!/usr/bin/env node
// Runs the suites: `npm test`, `npm test -- --browsers chromium`, `npm test -- native js:firefox`, `npm test -- --list`;
// `--long` runs the variants that take minutes, `--all` whole matrices instead of their short versions: `npm test -- --all soak`.
// The last line is `N passed, N failed, N skipped` over all of them. Exit codes: 0 all passed; 1 not; 2 a bad command line or set-up.
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { failures, keepPrinted } from './failures.mjs';
import { endChildrenOnSignals } from './process.mjs';
import { BROWSERS, NEEDS, setupOrExit } from './setup.mjs';
import { suites } from './suites.mjs';
import { startTestServer } from './test-server.mjs';
import { versionsOf } from './versions.mjs';

/** As in `tests/channel/server.rs`. */
const PROXY_USER = 'ednamode:nocapes!';

function arguments_() {
  try {
    const { values, positionals } = parseArgs({
      options: { browsers: { type: 'string' }, list: { type: 'boolean' }, long: { type: 'boolean' }, all: { type: 'boolean' } },
      allowPositionals: true,
    });
    const browsers = values.browsers?.split(',').filter(Boolean) ?? BROWSERS;
    const unknown = browsers.filter((name) => !BROWSERS.includes(name));
    if (unknown.length > 0) throw new Error(`unknown browser ${unknown.join(', ')}; there are ${BROWSERS.join(', ')}`);
    const strange = positionals.filter((name) => !suites.some((suite) => suite.name === name));
    if (strange.length > 0) throw new Error(`unknown suite ${strange.join(', ')}; \`npm test -- --list\` names them`);
    // A suite that is asked for by name brings its browser.
    const wanted = (suite) =>
      positionals.length > 0
        ? positionals.includes(suite.name)
        : (values.all || !suite.all) && (!suite.browser || browsers.includes(suite.browser));
    if (values.all) process.env.WEBSOCKET_CHANNEL_ALL = '1';
    // Tests read it when they are compiled.
    if (values.long) process.env.WEBSOCKET_CHANNEL_LONG = '1';
    return { list: values.list, chosen: suites.filter(wanted) };
  } catch (error) {
    console.error(`npm test: ${error.message}`);
    process.exit(2);
  }
}

const seconds = (began) => `${((Date.now() - began) / 1000).toFixed(1)} s`;

const { list, chosen } = arguments_();
if (list) {
  for (const suite of suites) console.log(suite.name);
  process.exit(0);
}

endChildrenOnSignals();
const began = Date.now();
const browsers = BROWSERS.filter((browser) => chosen.some((suite) => suite.browser === browser));
const needs = NEEDS.filter((name) => chosen.some((suite) => suite.needs?.includes(name)));
const tools = await setupOrExit({ tests: true, browsers, needs });
const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
const reasons = [];
const printed = keepPrinted();
let server;
try {
  if (chosen.some((suite) => /^(js|no-wasm|hidden|restored):|^package$|^homes:(js|frameworks|session)$/.test(suite.name))) {
    console.log('building the package …');
    await build(tools);
  }
  if (chosen.some((suite) => suite.server)) server = await startTestServer(['--proxy-user', PROXY_USER]);
  for (const suite of chosen) {
    console.log(`\n── ${[suite.name, ...versionsOf(suite, tools)].join(' · ')} ──`);
    const suiteBegan = Date.now();
    printed();
    const count = await suite.run({ tools, server });
    if (count.passed + count.failed + count.skipped === 0) {
      console.log(`${suite.name} ran no test, and that is a failure`);
      count.failed = 1;
    }
    if (count.failed > 0) reasons.push(`\n── what failed in ${suite.name} ──`, ...failures(printed()));
    for (const key of Object.keys(total)) total[key] += count[key];
    lines.push(`${suite.name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped (${seconds(suiteBegan)})`);
  }
} catch (error) {
  console.error(error.message);
  total.failed += 1;
} finally {
  await server?.stop();
}
if (reasons.length > 0) console.log(reasons.join('\n'));
console.log(`\n${lines.join('\n')}\nall in ${seconds(began)}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
