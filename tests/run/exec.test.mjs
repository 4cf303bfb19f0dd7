// `exec` as somebody else's project uses it: the examples of the server's README, each run by it. Run by `npm test -- exec`.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { root, targetFolder } from './build.mjs';
import { capabilities } from './drivers.mjs';
import { capture, endChildrenOnSignals, start } from './process.mjs';
import { dropStaleWasm } from './stale.mjs';
import { buildTestServer } from './test-server.mjs';

/** What set-up brought, told by the suite. */
const tools = { paths: JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS), env: JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS_ENV) };
const read = (file) => readFileSync(join(root, file), 'utf8');
const README = 'tests/server/README.md';
const USER = 'tests/server/user';

endChildrenOnSignals();
let server;
before(async () => {
  // With the user's own toolchain, as the native tests: the one for wasm would build all of it once more.
  server = await buildTestServer();
});

/** Runs the server for a command; gives its exit status and what it printed. */
async function exec(command, env = {}) {
  const child = start(server, ['exec', '--', ...command], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  return { status: await child.ended, output };
}

/** The README shows the lines of a file, as they stand between its marks. */
function shown(file, language) {
  const lines = read(file).match(/^(?:\/\/|#) README begin\n([^]*?)^(?:\/\/|#) README end$/m)?.[1];
  assert.ok(lines, `${file} has no marks`);
  assert.ok(read(README).includes(`\`\`\`${language}\n${lines}\`\`\``), `the README does not show ${file}`);
}

describe('wasm-bindgen-test, by wasm-pack in Chromium', () => {
  const wasmPack = (...flags) => {
    dropStaleWasm(tools, targetFolder(tools));
    const json = join(root, 'target', 'webdriver-exec.json');
    mkdirSync(join(root, 'target'), { recursive: true });
    writeFileSync(json, JSON.stringify(capabilities('chromium', tools)));
    const env = { ...tools.env, WASM_BINDGEN_TEST_WEBDRIVER_JSON: json };
    const driver = ['--chromedriver', tools.paths.chromedriver];
    return exec(['wasm-pack', 'test', '--headless', '--chrome', ...driver, USER, '--locked', ...flags], env);
  };

  test('a page finds the server and steers it', async () => {
    shown(`${USER}/tests/browser.rs`, 'rust');
    const { status, output } = await wasmPack();
    assert.equal(status, 0, output);
    assert.match(output, /^test result: ok\. 1 passed/m);
  });

  test('a test that fails sets the exit status, and the addresses are those of this run', async () => {
    const { status, output } = await wasmPack('--features', 'failing');
    assert.equal(status, 1, output);
    assert.match(output, /^test result: FAILED\. 1 passed; 1 failed/m);
  });
});

test('Playwright', async () => {
  shown(`${USER}/playwright.mjs`, 'js');
  const { status, output } = await exec(['node', `${USER}/playwright.mjs`], { CHROMIUM: tools.paths.chromium });
  assert.deepEqual({ status, output }, { status: 0, output: '1006 false\n' });
});

test('curl', async () => {
  shown(`${USER}/curl.sh`, 'sh');
  const env = { PATH: [dirname(tools.paths.curl), process.env.PATH].join(delimiter) };
  const { status, output } = await exec(['sh', `${USER}/curl.sh`], env);
  const [fail, first, second, list] = output.trim().split('\n');
  assert.deepEqual([status, fail, first, second], [0, '{"fail":1}', '503', '101']);
  const { connections } = JSON.parse(list);
  assert.deepEqual(
    connections.map(({ tag, target }) => [tag, target]),
    [1, 2].map(() => ['shop', '/echo?tag=shop']),
  );
});

test('npm run server -- exec', async () => {
  for (const [script, status] of [
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -TERM $$', 143],
  ]) {
    const child = start('npm', ['run', '--silent', 'server', '--', 'exec', '--', 'sh', '-c', script], { cwd: root, stdio: 'ignore' });
    assert.equal(await child.ended, status, script);
  }
  const { ok, output } = await capture('npm', ['run', '--silent', 'server', '--', 'exec', '--', '/no/such/program'], {
    cwd: root,
    quiet: true,
  });
  assert.ok(!ok);
  assert.match(output, /^websocket-channel-server: \/no\/such\/program cannot be started: .*\n$/);
});
