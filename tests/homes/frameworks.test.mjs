// The package as it is published, in frameworks and bundlers that take long: `npm test -- --all` or `npm test -- homes:frameworks`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before } from 'node:test';
import { promisify } from 'node:util';
import { next, reactNative, rspack } from './frameworks.mjs';
import { frameworkVersion, install, project, write } from './project.mjs';
import { launch, serve } from './site.mjs';
import { home, printTable } from './table.mjs';

const EXCHANGED = 'hello 1000 of 2009 4000 bye true';
const echo = `${process.env.WEBSOCKET_CHANNEL_TEST_WS}/echo`;
const { node24 } = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS);
/** A build by Next takes half a minute on two cores that have other work as well. */
const LONG_MS = 300_000;

let site;
let browser;
before(async () => {
  install();
  site = await serve(project);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.stop();
  printTable();
});

/** What a page says that was opened with the address of the echo. */
async function said(page) {
  const tab = await browser.newPage();
  try {
    await tab.goto(`${page}?${new URLSearchParams({ url: echo })}`);
    await tab.waitForFunction(() => 'outcome' in window, null, { timeout: 30_000 });
    return await tab.evaluate(() => window.outcome);
  } finally {
    await tab.close();
  }
}

home('Rspack', 'built, then Chromium', async () => {
  assert.equal(await said(`${site.origin}/${await rspack()}`), EXCHANGED);
  return frameworkVersion('@rspack/core');
});

for (const bundler of ['turbopack', 'webpack']) {
  const use = async (origin) => {
    assert.equal(await said(origin), EXCHANGED);
    const route = await fetch(`${origin}/node?${new URLSearchParams({ url: echo })}`);
    assert.equal(await route.text(), EXCHANGED);
  };
  home(`Next.js, ${bundler}`, 'a page and a route, built and started, Chromium and Node 24', () => next(bundler, node24, use), LONG_MS);
}

for (const platform of ['android', 'ios']) {
  home(`React Native, ${platform}`, 'Metro, compiled for Hermes; the bundle runs in Node 24', async () => {
    const bundle = await reactNative(platform, node24);
    const file = write(
      `react-native/${platform}.cjs`,
      `(0, eval)(require('node:fs').readFileSync(${JSON.stringify(bundle)}, 'utf8'));
outcome(process.argv.at(-1)).then((said) => (console.log(core, said), process.exit()));
`,
    );
    const { stdout } = await promisify(execFile)(node24, [file, echo], { timeout: 60_000 });
    // The condition `react-native` gives the entry that has no wasm.
    assert.equal(stdout.trim(), `function,function ${EXCHANGED}`);
    return `Metro ${frameworkVersion('metro')}`;
  });
}
