// The suites, in the order in which they run. `tests/README.md` says what each is for.
import { join } from 'node:path';
import { conformance } from '../conformance/conformance.mjs';
import { root, targetFolder } from './build.mjs';
import { capabilities, startDriver } from './drivers.mjs';
import { fuzz } from './fuzz.mjs';
import { runJsTests } from './js-suite.mjs';
import { capture } from './process.mjs';
import { BROWSERS } from './setup.mjs';
import { buildNative } from './test-server.mjs';
import { dropStaleWasm } from './stale.mjs';
import { writeFileSync, mkdirSync } from 'node:fs';

const NATIVE = ['-p', 'websocket-channel', '-p', 'websocket-channel-server'];

/** Native Rust: unit tests, protocol, transports, channel, layer rule, documentation examples, and the test server's own. */
async function native() {
  return cargoCount(await capture('cargo', ['test', '--locked', '--no-fail-fast', ...NATIVE], { cwd: root }));
}

/** The tests of channel and faults in a browser, by wasm-pack. WebKit has no wasm-pack flag: the same runner, driven through its WebDriver. */
async function wasm(browser, { tools, server }) {
  dropStaleWasm(tools, targetFolder(tools));
  const json = join(root, 'target', `webdriver-${browser}.json`);
  mkdirSync(join(root, 'target'), { recursive: true });
  writeFileSync(json, JSON.stringify(capabilities(browser, tools)));
  const env = {
    ...tools.env,
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: json,
    // For the slowest message of the slowest browser; a hang ends here.
    WASM_BINDGEN_TEST_TIMEOUT: '300',
    ...server.env,
  };
  // `proto`: what the browser does itself, our core does in the page as well.
  const tests = ['--locked', '--features', 'proto', '--test', 'channel', '--test', 'faults', '--test', 'paper', '--test', 'promises'];
  if (browser === 'webkit') {
    const driver = await startDriver(browser, tools);
    try {
      env.SAFARIDRIVER_REMOTE = driver.url;
      env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER = tools.paths.wasmBindgenTestRunner;
      env.WASM_BINDGEN_TEST_ONLY_WEB = '1';
      return cargoCount(await capture('cargo', ['test', '--target', 'wasm32-unknown-unknown', ...tests], { cwd: root, env }));
    } finally {
      await driver.stop();
    }
  }
  const driver =
    browser === 'chromium'
      ? ['--chrome', '--chromedriver', tools.paths.chromedriver]
      : ['--firefox', '--geckodriver', tools.paths.geckodriver];
  return cargoCount(await capture('wasm-pack', ['test', '--headless', ...driver, '--', ...tests], { cwd: root, env }));
}

/** Node's own test runner, for what is used from a command line. */
async function node(files, { tools }) {
  // Not with set-up's environment: what they start is started as a person would.
  const env = {
    WEBSOCKET_CHANNEL_CHROMIUM: tools.paths.chromium ?? '',
    WEBSOCKET_CHANNEL_TOOLS: JSON.stringify(tools.paths),
    WEBSOCKET_CHANNEL_TOOLS_ENV: JSON.stringify(tools.env),
  };
  const { output, ok } = await capture('node', ['--test', '--test-reporter=spec', ...files], { cwd: root, env });
  const number = (word) => Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  return settle({ passed: number('pass'), failed: number('fail') + number('cancelled'), skipped: number('skipped') + number('todo') }, ok);
}

/** Our server and our native client with other people's programs. */
async function interop(context) {
  await buildNative('websocket-channel-interop');
  const files = ['matrix', 'hixie', 'proxy', 'nginx'].map((name) => `tests/interop/${name}.test.mjs`);
  return node(files, context);
}

/** `needs` are of set-up's `NEEDS`. @type {{ name: string, browser?: string, needs?: string[], server?: boolean, run(context: object): Promise<{passed: number, failed: number, skipped: number}> }[]} */
export const suites = [
  { name: 'native', run: native },
  { name: 'fuzz', needs: ['fuzz'], run: ({ tools }) => fuzz(tools) },
  ...BROWSERS.map((browser) => ({ name: `wasm:${browser}`, browser, server: true, run: (context) => wasm(browser, context) })),
  ...BROWSERS.map((browser) => ({ name: `js:${browser}`, browser, server: true, run: (context) => runJsTests({ browser, ...context }) })),
  { name: 'interop', needs: ['peers', 'python', 'perl', 'tinyproxy', 'nginx'], run: interop },
  { name: 'conformance', needs: ['python'], run: conformance },
  { name: 'hang', browser: 'firefox', run: (context) => node(['tests/faults/hang.test.mjs'], context) },
  { name: 'exec', browser: 'chromium', needs: ['curl'], run: (context) => node(['tests/run/exec.test.mjs'], context) },
  { name: 'start', browser: 'chromium', run: (context) => node(['tests/run/start.test.mjs'], context) },
  { name: 'package', run: (context) => node(['tests/run/package.test.mjs'], context) },
  { name: 'setup', run: (context) => node(['tests/run/setup.test.mjs'], context) },
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
