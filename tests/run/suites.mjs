// The suites, in the order in which they run. `tests/README.md` says what each is for.
import { join } from 'node:path';
import { conformance } from '../conformance/conformance.mjs';
import { root, targetFolder } from './build.mjs';
import { capabilities, startDriver } from './drivers.mjs';
import { fuzz } from './fuzz.mjs';
import { runtimes, WORKERS } from './homes.mjs';
import { runJsTests } from './js-suite.mjs';
import { capture } from './process.mjs';
import { listenForPanics } from './panics.mjs';
import { BROWSERS } from './setup.mjs';
import { buildNative } from './test-server.mjs';
import { dropStaleWasm } from './stale.mjs';
import { threads } from './threads.mjs';
import { writeFileSync, mkdirSync } from 'node:fs';

/** The test programs that run in a page. */
const PAGE = ['channel', 'faults', 'paper', 'promises', 'leaks', 'policy', 'reconnect', 'session_channel'];
/** Two of them once more, over `WebSocketStream`. */
const OVER_STREAM = ['channel_stream', 'promises_stream'];
const FEATURES =
  'websocket-channel/messagepack,websocket-channel/tracing,websocket-channel/native-roots,websocket-channel/reconnect,websocket-channel/session';
const NATIVE = ['-p', 'websocket-channel', '-p', 'websocket-channel-server', '-p', 'websocket-channel-foreign', '--features', FEATURES];

/** Native Rust: unit tests, protocol, transports, channel, layer rule, documentation examples, and the test server's own. */
async function native() {
  const show = process.env.WEBSOCKET_CHANNEL_LONG ? ['--', '--show-output'] : [];
  return cargoCount(await capture('cargo', ['test', '--locked', '--no-fail-fast', ...NATIVE, ...show], { cwd: root }));
}

/** The test programs of a page. */
async function page(browser, context) {
  const counts = [await wasm(browser, PAGE, context)];
  for (const program of browser === 'chromium' ? OVER_STREAM : []) counts.push(await wasm(browser, [program], context, PAGE_ENDED));
  return counts.reduce((sum, { passed, failed, skipped }) => ({
    passed: sum.passed + passed,
    failed: sum.failed + failed,
    skipped: sum.skipped + skipped,
  }));
}

/** A driver or a browser that did not start, on a busy machine or a cold disk: no test has run. */
const NOT_STARTED = /driver failed to \w+|session not created|failed to create a \w+ session/;
/**
 * Or, over `WebSocketStream` in Chromium 156, a page that ended (`src/transport/web_stream`). The tests keep to what is safe there, but on a busy machine
 * a run can still meet it.
 */
const PAGE_ENDED = new RegExp(`${NOT_STARTED.source}|missing field \`chunk\`|tab crashed|session deleted`);
const TRIES = 3;

/** Numbers over a session whose connections are cut; prints what was cut. */
function cuts(browser, context) {
  return wasm(browser, ['cuts'], context, NOT_STARTED, ['--nocapture']);
}

/** Test programs in a browser; gives how they went. A run that was `lost` in a way that tells nothing about us is tried again. */
async function wasm(browser, programs, context, lost = NOT_STARTED, more = []) {
  for (let left = TRIES - 1; ; left -= 1) {
    const { output, count } = await drive(browser, programs, context, more);
    const sign = count.failed > 0 && output.match(lost)?.[0];
    if (!sign || left === 0) return count;
    console.log(`\n${sign}: once more`);
  }
}

/** Runs test programs in a browser, by wasm-pack. WebKit has no wasm-pack flag: the same runner, driven through its WebDriver. */
async function drive(browser, programs, { tools, server }, more) {
  dropStaleWasm(tools, targetFolder(tools));
  const json = join(root, 'target', `webdriver-${browser}.json`);
  mkdirSync(join(root, 'target'), { recursive: true });
  writeFileSync(json, JSON.stringify(capabilities(browser, tools)));
  const panics = await listenForPanics();
  // WebKit's driver alone is ours to start.
  const driver = browser === 'webkit' ? await startDriver(browser, tools) : null;
  try {
    const env = {
      ...tools.env,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: json,
      ...told(server, panics),
    };
    // `proto`: what the browser does itself, our core does in the page as well.
    const tests = [
      '--locked',
      '--features',
      'proto,websocket-stream,messagepack,reconnect,session',
      ...programs.flatMap((program) => ['--test', program]),
    ];
    // What the long variants measured.
    const shown = process.env.WEBSOCKET_CHANNEL_LONG ? ['--nocapture'] : more;
    if (shown.length > 0) tests.push('--', ...shown);
    if (driver) {
      env.SAFARIDRIVER_REMOTE = driver.url;
      env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER = tools.paths.wasmBindgenTestRunner;
      env.WASM_BINDGEN_TEST_ONLY_WEB = '1';
      const outcome = await capture('cargo', ['test', '--target', 'wasm32-unknown-unknown', ...tests], { cwd: root, env });
      return { output: outcome.output, count: panics.settle(cargoCount(outcome)) };
    }
    const flags =
      browser === 'chromium'
        ? ['--chrome', '--chromedriver', tools.paths.chromedriver]
        : ['--firefox', '--geckodriver', tools.paths.geckodriver];
    const outcome = await capture('wasm-pack', ['test', '--headless', ...flags, '--', ...tests], { cwd: root, env });
    return { output: outcome.output, count: panics.settle(cargoCount(outcome)) };
  } finally {
    await driver?.stop();
    await panics.stop();
  }
}

/** What the runner of the tests is told, and what they are when they are compiled: nothing else gets into a page. */
function told(server, panics) {
  return {
    // For the slowest message of the slowest browser; a hang ends here.
    WASM_BINDGEN_TEST_TIMEOUT: process.env.WEBSOCKET_CHANNEL_LONG || process.env.WEBSOCKET_CHANNEL_ALL ? '3600' : '300',
    // A driver is to listen in so many seconds, which is 5 unless told.
    WASM_BINDGEN_TEST_DRIVER_TIMEOUT: '60',
    WEBSOCKET_CHANNEL_PANICS: panics.origin,
    ...server.env,
  };
}

/** The tests of the channel where threads share their memory, its handles in other workers among them. */
async function sharedMemory({ tools, server }) {
  const build = await threads(tools);
  if (build.reason) {
    console.log(`skipped: ${build.reason}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const json = join(root, 'target', 'webdriver-threads.json');
  mkdirSync(join(root, 'target'), { recursive: true });
  writeFileSync(json, JSON.stringify(capabilities('chromium', tools)));
  const panics = await listenForPanics();
  try {
    const env = {
      ...build.env,
      CHROMEDRIVER: tools.paths.chromedriver,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: tools.paths.wasmBindgenTestRunner,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: json,
      ...told(server, panics),
    };
    const args = ['test', '--locked', '--target', 'wasm32-unknown-unknown', ...build.args, '--features', 'proto', '--test', 'threads'];
    return panics.settle(cargoCount(await capture('cargo', args, { cwd: root, env })));
  } finally {
    await panics.stop();
  }
}

/** The tests of the channel in workers, and the proof that a panic anywhere in a browser fails the suite. */
async function workers(context) {
  const count = await wasm('chromium', WORKERS, context);
  console.log('\na panic that no test awaits:');
  // This program's one test passes, and a task of it panics.
  const { passed, failed } = await wasm('chromium', ['panics'], context);
  const proven = passed === 1 && failed === 1;
  if (!proven) console.log(`a panic did not fail the suite: ${passed} passed, ${failed} failed`);
  return { ...count, passed: count.passed + (proven ? 1 : 0), failed: count.failed + (proven ? 0 : 1) };
}

/** The tests of the channel in Node, Deno and Bun. */
async function outside({ tools, server }) {
  dropStaleWasm(tools, targetFolder(tools));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const add = (count) => Object.keys(total).forEach((key) => (total[key] += count[key]));
  for (const { name, programs, env } of runtimes(tools)) {
    console.log(`\n${name}:`);
    const panics = await listenForPanics();
    try {
      const runner = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: tools.paths.wasmBindgenTestRunner };
      const tests = programs.flatMap((program) => ['--test', program]);
      const args = ['test', '--locked', '--target', 'wasm32-unknown-unknown', '--features', 'proto,websocket-stream', ...tests];
      const ran = await capture('cargo', args, { cwd: root, env: { ...tools.env, ...told(server, panics), ...runner, ...env } });
      const count = panics.settle(cargoCount(ran));
      add(count);
      if (count.passed === 0) total.failed += 1;
    } finally {
      await panics.stop();
    }
  }
  return total;
}

/** Node's own test runner, for what is used from a command line. */
async function node(files, { tools, server }, more = {}) {
  // Not with set-up's environment: what they start is started as a person would.
  const env = {
    WEBSOCKET_CHANNEL_CHROMIUM: tools.paths.chromium ?? '',
    WEBSOCKET_CHANNEL_TOOLS: JSON.stringify(tools.paths),
    WEBSOCKET_CHANNEL_TOOLS_ENV: JSON.stringify(tools.env),
    ...server?.env,
    ...more,
  };
  const { output, ok } = await capture('node', ['--test', '--test-reporter=spec', ...files], { cwd: root, env });
  const number = (word) => Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  return settle({ passed: number('pass'), failed: number('fail') + number('cancelled'), skipped: number('skipped') + number('todo') }, ok);
}

/** The simulation of sessions, optimised: 100,000 seeds, with `--long` 10 million. A seed that fails names the command that runs it again. */
async function session() {
  const long = process.env.WEBSOCKET_CHANNEL_LONG ? ['--long'] : [];
  const { ok } = await capture('cargo', ['run', '--locked', '--release', '-q', '-p', 'websocket-channel-session', '--', ...long], {
    cwd: root,
  });
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

/** Our server and our native client with other people's programs. */
async function interop(context) {
  await buildNative('websocket-channel-interop');
  const files = ['matrix', 'hixie', 'proxy', 'nginx', 'idle', 'stranger'].map((name) => `tests/interop/${name}.test.mjs`);
  return node(files, context);
}

/** Sessions whose processes stand still for a while. */
async function stopped(context) {
  await buildNative('websocket-channel-interop');
  return node(['tests/session/stopped.test.mjs'], context);
}

/** The Autobahn cases, and what is wrong with the tool that runs them. */
async function autobahn(context) {
  const cases = await conformance(context);
  const tool = await node(['tests/conformance/tool.test.mjs'], context);
  return { passed: cases.passed + tool.passed, failed: cases.failed + tool.failed, skipped: cases.skipped + tool.skipped };
}

/** `needs` are of set-up's `NEEDS`; `all`: only with `--all`, or by name. @type {{ name: string, all?: boolean, browser?: string, needs?: string[], server?: boolean, run(context: object): Promise<{passed: number, failed: number, skipped: number}> }[]} */
export const suites = [
  { name: 'native', run: native },
  { name: 'session', run: session },
  { name: 'stopped', run: stopped },
  { name: 'fuzz', needs: ['fuzz'], run: ({ tools }) => fuzz(tools) },
  ...BROWSERS.map((browser) => ({
    name: `wasm:${browser}`,
    browser,
    server: true,
    run: (context) => page(browser, context),
  })),
  ...BROWSERS.map((browser) => ({ name: `js:${browser}`, browser, server: true, run: (context) => runJsTests({ browser, ...context }) })),
  ...BROWSERS.map((browser) => ({
    name: `no-wasm:${browser}`,
    browser,
    all: browser !== 'chromium',
    server: true,
    run: (context) => runJsTests({ entry: 'no-wasm', browser, ...context }),
  })),
  { name: 'threads', browser: 'chromium', server: true, run: sharedMemory },
  { name: 'homes:rust:workers', browser: 'chromium', server: true, run: workers },
  ...['chromium', 'firefox'].map((browser) => ({
    name: `hidden:${browser}`,
    browser,
    server: true,
    run: (context) => node(['tests/homes/hidden.test.mjs'], context, { WEBSOCKET_CHANNEL_BROWSER: browser }),
  })),
  ...BROWSERS.map((browser) => ({
    name: `restored:${browser}`,
    browser,
    server: true,
    run: (context) => node(['tests/homes/restored.test.mjs'], context, { WEBSOCKET_CHANNEL_BROWSER: browser }),
  })),
  ...BROWSERS.map((browser) => ({
    name: `lifecycle:${browser}`,
    browser,
    server: true,
    run: (context) => node(['tests/lifecycle/lifecycle.test.mjs'], context, { WEBSOCKET_CHANNEL_BROWSER: browser }),
  })),
  ...BROWSERS.map((browser) => ({
    name: `cuts:${browser}`,
    browser,
    server: true,
    run: (context) => cuts(browser, context),
  })),
  { name: 'homes:rust:outside', needs: ['runtimes'], server: true, run: outside },
  { name: 'interop', needs: ['peers', 'python', 'perl', 'tinyproxy', 'nginx', 'haproxy', 'apache'], run: interop },
  { name: 'conformance', needs: ['peers', 'python'], run: autobahn },
  { name: 'soak', run: (context) => node(['tests/soak/soak.test.mjs'], context) },
  { name: 'exec', browser: 'chromium', needs: ['curl'], run: (context) => node(['tests/run/exec.test.mjs'], context) },
  { name: 'hostile', browser: 'chromium', run: (context) => node(['tests/run/hostile.test.mjs'], context) },
  { name: 'start', browser: 'chromium', run: (context) => node(['tests/run/start.test.mjs'], context) },
  { name: 'minimal', run: (context) => node(['tests/run/minimal.test.mjs'], context) },
  { name: 'package', run: (context) => node(['tests/run/package.test.mjs', 'tests/run/shorten.test.mjs'], context) },
  {
    name: 'homes:js',
    browser: 'chromium',
    needs: ['homes', 'runtimes'],
    server: true,
    run: (context) => node(['tests/homes/homes.test.mjs'], context),
  },
  {
    name: 'homes:session',
    needs: ['runtimes'],
    server: true,
    run: (context) => node(['tests/homes/session.test.mjs'], context),
  },
  {
    name: 'homes:frameworks',
    all: true,
    browser: 'chromium',
    needs: ['homes', 'frameworks', 'runtimes'],
    server: true,
    run: (context) => node(['tests/homes/frameworks.test.mjs'], context),
  },
  { name: 'setup', run: (context) => node(['tests/run/setup.test.mjs', 'tests/run/failures.test.mjs'], context) },
];

/** Adds up the closing lines that libtest and wasm-bindgen-test print, one per test binary. */
function cargoCount({ output, ok }) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    count.passed += Number(passed);
    count.failed += Number(failed);
    count.skipped += Number(ignored);
  }
  return settle(count, ok);
}

/** A command that failed without a failed test did not get to them: that counts as one. */
function settle(count, ok) {
  return ok || count.failed > 0 ? count : { ...count, failed: 1 };
}
