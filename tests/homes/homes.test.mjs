// The package as it is published, in every home it claims: packed, installed into a fresh project, built or loaded there, and a message
// exchanged with the test server. `npm test -- homes` prints the table.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { root } from '../run/build.mjs';
import { bundlers } from './bundlers.mjs';
import { startDropping } from './dropping.mjs';
import { extension, pages, refusing, withoutWasm } from './pages.mjs';
import { attw, publint } from './lints.mjs';
import { install, project, tool, write } from './project.mjs';
import { jest, vitest } from './runners.mjs';
import { launch, serve } from './site.mjs';
import { home, printTable } from './table.mjs';
import { VERSIONS, check, checks, classic, compile, copyTypes, entries } from './types.mjs';
import { answerOfSlim, answerOfVite, answerOfWorkerd } from './workerd.mjs';

const EXCHANGED = 'hello 1000 of 2009 4000 bye true';
const server = process.env.WEBSOCKET_CHANNEL_TEST_WS;
const refused = `ws://127.0.0.1:${process.env.WEBSOCKET_CHANNEL_TEST_REFUSED}/`;
const echo = `${server}/echo`;
const runtimes = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS ?? '{}');
/** With `npm test -- --all`: every row, and not only those that tell most. */
const all = process.env.WEBSOCKET_CHANNEL_ALL === '1';

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
async function said(page, csp) {
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    const errors = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    const query = new URLSearchParams({ url: echo, ...(csp ? { csp } : {}) });
    await tab.goto(`${site.origin}/${page}?${query}`);
    await tab.waitForFunction(() => 'outcome' in window, null, { timeout: 30_000 }).catch(() => {});
    assert.deepEqual(errors, []);
    return await tab.evaluate(() => window.outcome);
  } finally {
    await context.close();
  }
}

/** What a program prints. */
async function printed(file, args, env) {
  const { stdout } = await promisify(execFile)(file, args, { cwd: project, timeout: 60_000, env: { ...process.env, ...env } });
  return stdout.trim();
}

const run = `exchange(library, process.argv.at(-1)).then(console.log, (error) => console.log(error.stack)).finally(() => process.exit());\n`;
const RUNTIMES = [
  ['Node 22', 'node22', []],
  ['Node 24', 'node24', []],
  ['Node 26', 'node26', []],
  ['Deno', 'deno', ['run', '--allow-all', '--node-modules-dir=manual', '--quiet']],
  ['Bun', 'bun', ['run']],
];

describe('bundlers', () => {
  for (const [name, build] of Object.entries(bundlers)) {
    home(name, 'built, then Chromium', async () => assert.equal(await said(await build()), EXCHANGED));
  }
});

describe('pages', () => {
  for (const [name, make] of Object.entries(pages)) home(name, 'Chromium', async () => assert.equal(await said(make()), EXCHANGED));

  const connect = `connect-src ${echo.replace(/\/echo$/, '')}`;
  home("CSP script-src 'self' 'wasm-unsafe-eval'", 'Chromium', async () => {
    assert.equal(await said(pages['script type=module'](), `script-src 'self' 'wasm-unsafe-eval'; ${connect}`), EXCHANGED);
  });
  home("CSP script-src 'self'", 'a named error', async () => {
    assert.equal(await said(refusing(), `script-src 'self'; ${connect}`), 'PlatformError WASM_REFUSED, PlatformError WASM_REFUSED');
  });
});

describe('without WebAssembly', () => {
  home("no-wasm, CSP script-src 'self'", 'Chromium', async () => {
    const connect = `connect-src ${echo.replace(/\/echo$/, '')}`;
    assert.equal(await said(withoutWasm(), `script-src 'self'; ${connect}`), EXCHANGED);
  });

  home('no-wasm, an extension of Manifest V3', 'Chromium', async () => {
    const folder = extension(echo);
    const context = await chromium.launchPersistentContext('', {
      executablePath: process.env.WEBSOCKET_CHANNEL_CHROMIUM,
      // Playwright's own arguments turn extensions off.
      ignoreDefaultArgs: ['--disable-extensions'],
      args: [
        '--headless=new',
        '--no-sandbox',
        '--no-first-run',
        '--disable-background-networking',
        `--disable-extensions-except=${folder}`,
        `--load-extension=${folder}`,
      ],
    });
    try {
      const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
      assert.equal(await worker.evaluate(() => globalThis.outcome), EXCHANGED);
    } finally {
      await context.close();
    }
  });

  const loadings = {
    import: ['no-wasm.mjs', `import * as library from 'websocket-channel/no-wasm';\nimport { exchange } from './exchange.js';\n${run}`],
    require: [
      'no-wasm.cjs',
      `const library = require('websocket-channel/no-wasm');\nconst { exchange } = require('./exchange.cjs');\n${run}`,
    ],
  };
  for (const [name, key, args] of RUNTIMES) {
    for (const [how, [file, text]] of Object.entries(loadings)) {
      home(`no-wasm, ${name}`, how, async () => assert.equal(await printed(runtimes[key], [...args, write(file, text), echo]), EXCHANGED));
    }
  }
});

describe('a new user', () => {
  home('the chat of the documentation', 'an empty folder, the dev server of Vite', async () => {
    const [, page] = readFileSync(join(project, 'node_modules/websocket-channel/src/js/README.md'), 'utf8').split('## A chat, ');
    for (const [language, name] of [
      ['html', 'index.html'],
      ['js', 'chat.js'],
    ]) {
      write(`chat/${name}`, page.match(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm'))[1]);
    }
    const { createServer } = await tool('vite');
    const vite = await createServer({ root: join(project, 'chat'), logLevel: 'warn', server: { host: '127.0.0.1', port: 0 } });
    await vite.listen();
    const dropping = await startDropping();
    const tab = await browser.newPage();
    const errors = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    const open = (url) => tab.goto(`${vite.resolvedUrls.local[0]}?url=${encodeURIComponent(url)}`);
    const state = (value) => tab.waitForFunction((name) => document.querySelector('output').value === name, value);
    const say = async (text) => {
      await tab.fill('input', text);
      await tab.press('input', 'Enter');
    };
    const list = () => tab.locator('li').allTextContents();
    const listed = (count) => tab.waitForFunction((number) => document.querySelectorAll('li').length === number, count);
    try {
      await open(`${server}/chat?tag=documented`);
      // It reloads the page once, when it has found what to prepare.
      await state('open');
      await say('hello');
      await listed(1);
      assert.deepEqual(await list(), ['server: hello']);
      await tab.waitForFunction(() => document.querySelector('input').value === '');

      // A cut: the page says so, and what cannot be sent stays in the form.
      await fetch(`${process.env.WEBSOCKET_CHANNEL_TEST_CONTROL}/cut?tag=documented`);
      await state('closed');
      await listed(2);
      assert.match((await list())[1], /1006/);
      await say('lost?');
      await listed(3);
      assert.match((await list())[2], /^not sent: /);
      assert.equal(await tab.inputValue('input'), 'lost?');

      // An echo answers with another shape: skipped, and the next is read.
      await open(echo);
      await state('open');
      await say('another shape');
      await tab.waitForFunction(() => document.querySelector('input').value === '');
      await say('and one more');
      await tab.waitForFunction(() => document.querySelector('input').value === '');
      assert.deepEqual([await list(), await tab.locator('output').textContent()], [[], 'open']);

      // Two messages that are not JSON, and then a cut: it read on until then.
      await open(`${dropping.origin}/message-drop`);
      await state('closed');
      await listed(1);
      assert.match((await list())[0], /1006/);

      // Nobody listens.
      await open(refused);
      await state('closed');
      await listed(1);
      assert.match((await list())[0], /connecting failed/);
      assert.deepEqual(errors, []);
    } finally {
      dropping.stop();
      await tab.close();
      await vite.close();
    }
  });
});

const imported = () =>
  write('imported.mjs', `import * as library from 'websocket-channel';\nimport { exchange } from './exchange.js';\n${run}`);
const required = () =>
  write('required.cjs', `const library = require('websocket-channel');\nconst { exchange } = require('./exchange.cjs');\n${run}`);

describe('runtimes', () => {
  for (const [name, key, args] of RUNTIMES) {
    home(name, 'import', async () => {
      assert.equal(await printed(runtimes[key], [...args, imported(), echo]), EXCHANGED);
      return printed(runtimes[key], ['--version']).then((text) => text.split('\n')[0]);
    });
    // It ends by itself: nothing is left open that a runtime would wait for.
    home(name, 'a sender whose timers come late', async () => {
      const said = await printed(runtimes[key], [...args, join(project, 'late.mjs'), echo.replace(/echo$/, 'sink')]);
      assert.equal(said, '{"turned":true,"open":0}');
    });
    home(name, 'connections that fail, are dropped and are given up', async () => {
      const dropping = await startDropping();
      try {
        const said = JSON.parse(await printed(runtimes[key], [...args, join(project, 'ends.mjs'), dropping.origin, 'ws://127.0.0.1:1/']));
        const lost = { code: 1006, by: 'error', wasClean: false, state: 'closed' };
        for (const [path, { opened, read, ...end }] of Object.entries(said)) {
          const expected = { refused: 'CONNECT_FAILED', 404: 'CONNECT_FAILED', hanging: 'CANCELLED' }[path] ?? 'opened';
          assert.ok(opened.startsWith(expected), `${path}: ${opened}`);
          // What these say of a failure is passed on.
          if (expected === 'CONNECT_FAILED' && !['node24', 'node26'].includes(key)) assert.doesNotMatch(opened, /hides/);
          const messages = path === 'read' ? ['one', 'two'] : [];
          const last = { opened: 'CHANNEL_CLOSED', CANCELLED: [] }[expected] ?? expected;
          assert.deepEqual(read, messages.concat(last), path);
          assert.deepEqual(end, { ...lost, by: path === 'hanging' ? 'local' : 'error' }, path);
        }
        assert.equal(Object.keys(said).length, 10);
      } finally {
        dropping.stop();
      }
    });
    home(name, 'every connection of the class ends once, with error before close', async () => {
      const gc = key.startsWith('node') ? ['--expose-gc'] : [];
      const said = await printed(runtimes[key], [...gc, ...args, join(project, 'class_ends.mjs'), server, refused]);
      const failed = 'error 3, close 1006 false 3';
      // Node 22 and Bun fire no `error` for a connection that is lost.
      const lost = ['node22', 'bun'].includes(key) ? 'close 1006 false 3' : failed;
      assert.deepEqual(said.split('\n'), [
        `refused: ${failed}`,
        `refused, with a connect timeout: ${failed}`,
        `answered with 404: ${failed}`,
        `never answered, with a connect timeout: ${failed}`,
        `closed while connecting: closing 2, ${failed}`,
        `lost: ${lost}`,
        `a frame that breaks the rules: ${failed}`,
        'closed by the peer: close 4001 true 3',
        'closed by us: close 4000 bye true 3',
        ...(gc.length > 0 ? ['collected: 200'] : []),
      ]);
    });
    home(name, 'the class reconnects by an option', async () => {
      const control = process.env.WEBSOCKET_CHANNEL_TEST_CONTROL;
      const said = await printed(runtimes[key], [...args, join(project, 'reconnect.mjs'), server, refused, control]);
      const cut = 'open 1, reconnecting 1 1006 0, open 1, one 1, reconnecting 2 1006 0, open 1, two 1, close 4000 bye true 3';
      const closed = 'open 1, close 4001 true 3';
      assert.deepEqual(said.split('\n'), [
        `cut by rst: ${cut}`,
        `cut by fin: ${cut}`,
        'refused: reconnecting 1 CONNECT_FAILED 0, reconnecting 2 CONNECT_FAILED 0, error 3, close 1006 false 3',
        'a function for the URL: reconnecting 1 PROVIDER_FAILED 0, reconnecting 2 TIMED_OUT 0, reconnecting 3 PROVIDER_FAILED 0, open 1, close 4000 true 3',
        `a final code: ${closed}`,
        `again: ${closed}, ${closed}`,
        'closed while connecting: close 1006 false 3',
        'closed while waiting: reconnecting 1 CONNECT_FAILED 0, close 1006 false 3',
      ]);
    });
    home(name, 'require', async () => assert.equal(await printed(runtimes[key], [...args, required(), echo]), EXCHANGED));
  }

  home('Deno', 'a Channel over WebSocketStream', async () => {
    const file = write(
      'stream.mjs',
      `import { Channel } from 'websocket-channel';
const channel = new Channel(process.argv.at(-1), { codec: 'text', transport: 'websocket-stream' });
await channel.send('there');
const { value } = await channel[Symbol.asyncIterator]().next();
const refused = await channel.send('x'.repeat((64 << 10) + 1)).catch(({ code }) => code);
const { code, reason, wasClean, by } = await channel.close(4000, 'bye');
console.log(value, refused, code, reason, wasClean, by);
process.exit();
`,
    );
    const args = ['run', '--allow-all', '--node-modules-dir=manual', '--quiet', '--unstable-net'];
    assert.equal(await printed(runtimes.deno, [...args, file, echo]), 'there SEND_REFUSED 4000 bye true local');
  });

  home('Deno', 'a Channel over WebSocketStream that does not open', async () => {
    const file = write(
      'stream_refused.mjs',
      `import { Channel } from 'websocket-channel';
for (const give of [() => {}, (channel) => channel.close(), (channel) => channel.abort()]) {
  const channel = new Channel('ws://127.0.0.1:1/', { transport: 'websocket-stream' });
  give(channel);
  console.log(await channel.opened.catch(({ code }) => code));
}
// Deno ends the process in a later turn, if a rejection was not heard.
await new Promise((resolve) => setTimeout(resolve, 100));
console.log('alive');
process.exit();
`,
    );
    const args = ['run', '--allow-all', '--node-modules-dir=manual', '--quiet', '--unstable-net'];
    assert.equal(await printed(runtimes.deno, [...args, file]), 'CONNECT_FAILED\nCANCELLED\nCANCELLED\nalive');
  });

  // As a test runner may bring one along: the class makes its messages' events by the document where that knows them.
  home('Node 24', 'a document that makes other events', async () => {
    const file = write(
      'document.mjs',
      `globalThis.document = { createEvent: () => new Event('') };
const library = await import('websocket-channel');
const { exchange } = await import('./exchange.js');
${run}`,
    );
    assert.equal(await printed(runtimes.node24, [file, echo]), EXCHANGED);
  });

  home('Node 22', 'a CloseEvent of the shape of the standard', async () => {
    const file = write(
      'close-event.mjs',
      `import { WebSocket } from 'websocket-channel';
const socket = new WebSocket(process.argv.at(-1));
socket.onopen = () => socket.close(4000, 'bye');
const event = await new Promise((resolve) => (socket.onclose = resolve));
const { constructor: CloseEvent, code, reason, wasClean } = event;
const shape = [CloseEvent.name, CloseEvent.length, String(event), Object.getPrototypeOf(CloseEvent) === Event, event.type, code, reason, wasClean];
const names = ['wasClean', 'code', 'reason'].map((key) => Object.getOwnPropertyDescriptor(CloseEvent.prototype, key).enumerable);
const made = new CloseEvent('x', { code: 70000, reason: '\\ud800', bubbles: true });
const plain = new CloseEvent('x');
console.log(typeof globalThis.CloseEvent, ...shape, ...names, made.code, made.reason, made.wasClean, made.bubbles, plain.code, plain.reason === '');
process.exit();
`,
    );
    const shape = 'CloseEvent 1 [object CloseEvent] true close 4000 bye true';
    assert.equal(await printed(runtimes.node22, [file, echo]), `undefined ${shape} true true true 4464 \ufffd false true 0 true`);
  });

  for (const [name, key] of [
    ['Node 22', 'node22'],
    ['Node 24', 'node24'],
  ]) {
    home(name, 'memory and handles return, --expose-gc', async () => {
      const file = write(
        'garbage.mjs',
        `const { Instance } = WebAssembly;
const instances = [];
WebAssembly.Instance = function (...args) {
  const instance = new Instance(...args);
  // Node's own client is made with wasm, too.
  if (instance.exports.__wbindgen_externrefs) instances.push(instance.exports);
  return instance;
};
const { Channel, WebSocket } = await import('websocket-channel');
const echo = process.argv.at(-1);
const held = () => {
  const table = instances[0].__wbindgen_externrefs;
  let count = 0;
  for (let i = 0; i < table.length; i += 1) if (Object(table.get(i)) === table.get(i)) count += 1;
  return count;
};
const memory = () => instances[0].memory.buffer.byteLength;
const first = new Channel(echo);
await first.opened;
await first.close();
const rest = held();
const round = async () => {
  // Nobody closes the channels; the sockets, which are kept until their end, their server closes.
  const channels = Array.from({ length: 8 }, () => new Channel(echo));
  await Promise.all(channels.map((channel) => channel.send('x'.repeat(20000))));
  const ends = Array.from({ length: 8 }, () => new Promise((resolve) => (new WebSocket(echo.replace('echo', 'close?code=3333')).onclose = resolve)));
  await Promise.all(ends);
  return held();
};
const most = await round();
const settled = async () => {
  while (held() > rest) {
    await new Promise((resolve) => setTimeout(resolve));
    gc();
  }
};
await settled();
const bytes = memory();
for (let n = 0; n < 5; n += 1) {
  await round();
  await settled();
}
console.log(instances.length, most > rest, memory() === bytes);
process.exit();
`,
      );
      assert.equal(await printed(runtimes[key], ['--expose-gc', file, echo]), '1 true true');
    });

    home(name, 'a status remembers what was dropped when its channel is collected', async () => {
      const file = write(
        'dropped.mjs',
        `import { Channel } from 'websocket-channel';
const url = process.argv.at(-1).replace('echo', 'flood?count=20&size=100');
const collected = new Promise((resolve) => {
  globalThis.registry = new FinalizationRegistry(resolve);
});
async function dropping() {
  const channel = new Channel(url, { codec: 'bytes', receiveBufferBytes: 1000, overflow: 'drop-oldest' });
  registry.register(channel);
  await channel.closed;
  // Not read before: what it says later is what was counted, not what was seen.
  return { status: channel.status, read: channel.stats().queuedMessages };
}
const { status, read } = await dropping();
let over = false;
collected.then(() => (over = true));
while (!over) {
  await new Promise((resolve) => setTimeout(resolve));
  gc();
}
console.log(read, status.droppedMessages, status.state);
process.exit();
`,
      );
      // A message counts 32 bytes besides.
      assert.equal(await printed(runtimes[key], ['--expose-gc', file, echo]), '7 13 closed');
    });
  }

  const inWorkerd = `exchange(library, ${JSON.stringify(echo)})`;
  home('workerd', 'esbuild, condition workerd', () => answerOfWorkerd(inWorkerd, EXCHANGED));
  home('workerd', 'slim, the wasm a module of the worker', () => answerOfSlim(inWorkerd, EXCHANGED));
  home('workerd', 'Vite SSR, condition workerd', () => answerOfVite(inWorkerd, EXCHANGED));
  // It fires no `close` after a message that is too large for it, and does not answer a Close frame before `close()` is called.
  home('workerd', 'the end of a Channel', async () => {
    const dropping = await startDropping();
    const urls = [`${echo.replace(/echo$/, 'flood')}?count=1&size=${(32 << 20) + 1}`, `${dropping.origin}/close`];
    const answer = `{
      const ends = [];
      for (const url of ${JSON.stringify(urls)}) {
        const channel = new library.Channel(url, { codec: 'bytes' });
        const reading = (async () => { for await (const _ of channel); return 'ended'; })().catch(({ code }) => code);
        const { code, wasClean } = await channel.closed;
        ends.push(code, wasClean, await reading);
      }
      return JSON.stringify(ends);
    }`;
    try {
      await answerOfWorkerd(`(async () => ${answer})()`, '[1006,false,"CHANNEL_CLOSED",1000,true,"ended"]');
      // RFC 6455 §5.5.1: the peer's code.
      assert.equal(await dropping.answer, 1000);
    } finally {
      dropping.stop();
    }
  });
  home('workerd', 'the end of a WebSocket', async () => {
    const dropping = await startDropping();
    const answer = `new Promise((resolve) => {
      const socket = new library.WebSocket(${JSON.stringify(`${dropping.origin}/close-4001`)});
      socket.onclose = ({ code, wasClean }) => resolve(JSON.stringify([code, wasClean, socket.readyState]));
    })`;
    try {
      await answerOfWorkerd(answer, '[4001,true,3]');
      assert.equal(await dropping.answer, 4001);
    } finally {
      dropping.stop();
    }
  });

  home('Node 24', 'condition development', async () => {
    for (const file of [imported(), required()]) {
      assert.equal(await printed(runtimes.node24, ['--conditions=development', file, echo]), EXCHANGED);
    }
    const file = join(project, 'development.mjs');
    const said = 'INTERNAL an error inside websocket-channel closed all its connections: panicked at src/js/';
    assert.match(await printed(runtimes.node24, ['--conditions=development', file, echo]), new RegExp(`^${said}\\w+\\.rs:\\d+:\\d+:\\n.+`));
    // The default has no words.
    assert.equal(await printed(runtimes.node24, [file, echo]), 'nothing panicked');
  });

  // Node from 20.19 takes modules for `require`, so that other tools are the ones to load these.
  home('Node 22', 'the CommonJS of each entry', async () => {
    const file = write(
      'commonjs.cjs',
      `const { readFileSync } = require('node:fs');
const { exchange } = require('./exchange.cjs');
const dist = './node_modules/websocket-channel/dist/';
const slim = require(\`\${dist}slim.cjs\`);
const library = require(\`\${dist}index.cjs\`);
const { messagepack } = require(\`\${dist}messagepack.cjs\`);
(async () => {
  await slim.init(readFileSync(\`\${dist}websocket-channel.wasm\`));
  const said = [];
  for (const each of [library, slim, require(\`\${dist}no-wasm.cjs\`)]) said.push(await exchange(each, process.argv.at(-1)));
  // Both know the codec by its name.
  for (const { Channel } of [library, slim]) {
    const channel = new Channel(process.argv.at(-1), { codec: 'messagepack' });
    await channel.send([1, 'two']);
    for await (const message of channel) {
      said.push(JSON.stringify(message));
      break;
    }
  }
  said.push(typeof messagepack().encode);
  console.log(said.join('\\n'));
  process.exit();
})();
`,
    );
    const packed = '[1,"two"]';
    const expected = [EXCHANGED, EXCHANGED, EXCHANGED, packed, packed, 'function'];
    assert.equal(await printed(runtimes.node22, [file, echo]), expected.join('\n'));
  });

  for (const [how, loading] of [
    ['import', `const library = await import('websocket-channel');`],
    ['require', `import { createRequire } from 'node:module';\nconst library = createRequire(import.meta.url)('websocket-channel');`],
  ]) {
    home('rendering on a server without WebSocket', how, async () => {
      const file = write(
        `server-${how}.mjs`,
        `${loading}
const why = (Class) => {
  try {
    return new Class('ws://127.0.0.1:1/') && 'constructed';
  } catch ({ name, code, message }) {
    return [name, code, message.includes('there is no WebSocket')].join(' ');
  }
};
console.log(typeof WebSocket, why(library.Channel), why(library.WebSocket));
`,
      );
      const without = await printed(runtimes.node22, ['--no-experimental-websocket', file]);
      assert.equal(without, 'undefined PlatformError NO_WEBSOCKET true PlatformError NO_WEBSOCKET true');
    });
  }
});

describe('test doubles, installed after the import', () => {
  for (const [name, file] of [
    ['vitest-websocket-mock', 'mock'],
    ['MSW', 'msw'],
  ]) {
    home(name, 'Vitest, Node 24', async () => {
      const vitest = join(project, 'node_modules/vitest/vitest.mjs');
      const args = [vitest, 'run', '--root', join(project, 'doubles'), `${file}.test.js`];
      const said = await printed(runtimes.node24, args, { NO_COLOR: '1' }).catch(({ stdout, stderr }) => `${stdout}${stderr}`);
      assert.match(said, /Tests +\d+ passed \(\d+\)/, said);
    });
  }
});

describe('test runners with a window', () => {
  home('Jest', 'jest-environment-jsdom, Node 24', () => jest(runtimes.node24, echo));
  home('Vitest', 'happy-dom, Node 24', () => vitest('happy-dom', runtimes.node24, echo));
  home('Vitest', 'jsdom and the option WebSocket, Node 24', () => vitest('jsdom', runtimes.node24, echo));
});

describe('jsdom', () => {
  home('jsdom', 'its window has no TextEncoder, Node 24', async () => {
    const said = await printed(runtimes.node24, [join(project, 'doubles/jsdom.mjs'), echo]);
    assert.equal(said, ['undefined undefined undefined', EXCHANGED, 'é \ufffd 𝄞 é'].join('\n'));
  });
});

describe('other parts of the package', () => {
  home('MessagePack', 'by name and as a codec, Node 22', async () => {
    const file = write(
      'messagepack.mjs',
      `import { Channel } from 'websocket-channel';
try {
  new Channel('ws://127.0.0.1:1/', { codec: 'messagepack' });
} catch (error) {
  console.log(error.name, error.message.includes('websocket-channel/messagepack'));
}
const { messagepack } = await import('websocket-channel/messagepack');
for (const codec of ['messagepack', messagepack()]) {
  const channel = new Channel(process.argv.at(-1), { codec });
  const value = { text: 'é', bytes: new Uint8Array([1, 2]), list: [1, null, -1.5, true] };
  await channel.send(value);
  for await (const message of channel) {
    console.log(JSON.stringify([message.text, message.bytes.constructor.name, [...message.bytes], message.list]));
    break;
  }
}
process.exit();
`,
    );
    const line = '["é","Uint8Array",[1,2],[1,null,-1.5,true]]';
    assert.equal(await printed(runtimes.node22, [file, echo]), ['TypeError true', line, line].join('\n'));
  });

  home('MessagePack', '64-bit integers: exact, or an error', async () => {
    const file = write(
      'integers.mjs',
      `import { messagepack } from 'websocket-channel/messagepack';
const told = (run) => {
  try {
    return run();
  } catch (error) {
    return error.name;
  }
};
const u64 = (value) => new Uint8Array(new BigUint64Array([value]).buffer).reverse();
const bytes = { most: [0xcf, ...u64(2n ** 64n - 1n)], over: [0xcf, ...u64(2n ** 53n + 1n)], safe: [0xcf, ...u64(2n ** 53n - 1n)], least: [0xd3, ...u64(2n ** 63n)] };
const [plain, big] = [messagepack(), messagepack({ bigint: true })];
for (const each of Object.values(bytes)) {
  console.log(...[plain, big].map(({ decode }) => told(() => [typeof decode(Uint8Array.from(each)), decode(Uint8Array.from(each))].join(' '))));
}
for (const value of [2n ** 64n - 1n, -(2n ** 63n), 2n ** 64n, -(2n ** 63n) - 1n, 2 ** 40, 2 ** 60]) {
  console.log(...[plain, big].map((codec) => told(() => String(codec.decode(codec.encode(value))))));
}
console.log(told(() => messagepack({ bigint: 'yes' })));
`,
    );
    const expected = [
      'RangeError bigint 18446744073709551615',
      'RangeError bigint 9007199254740993',
      'number 9007199254740991 bigint 9007199254740991',
      'RangeError bigint -9223372036854775808',
      'Error 18446744073709551615',
      'Error -9223372036854775808',
      'Error RangeError',
      'Error RangeError',
      '1099511627776 1099511627776',
      '1152921504606847000 1152921504606847000',
      'TypeError',
    ];
    assert.equal(await printed(runtimes.node24, [file]), expected.join('\n'));
  });

  home('Standard Schema', 'zod and valibot, Node 24', async () => {
    const file = write(
      'schema.mjs',
      `import { Channel } from 'websocket-channel';
import * as v from 'valibot';
import { z } from 'zod';
for (const schema of [
  z.object({ say: z.string(), at: z.coerce.date() }),
  v.objectAsync({ say: v.pipeAsync(v.string(), v.checkAsync(async () => true)), at: v.pipe(v.string(), v.transform((text) => new Date(text))) }),
]) {
  const channel = new Channel(process.argv.at(-1), { codec: 'json', schema });
  await channel.send({ say: 'hello', at: new Date(0), more: 1 });
  await channel.send({ say: 1 });
  try {
    for await (const message of channel) console.log(Object.keys(message).join(), message.at.getTime());
  } catch ({ name, code, issues, raw }) {
    console.log(name, code, issues.map(({ path }) => path.map((part) => part.key ?? part).join('.')).join(), raw);
  }
  await channel.close();
}
process.exit();
`,
    );
    const lines = ['say,at 0', 'DecodeError SCHEMA_FAILED say,at {"say":1}'];
    assert.equal(await printed(runtimes.node24, [file, echo]), [...lines, ...lines].join('\n'));
  });
});

describe('types', () => {
  before(copyTypes);
  for (const each of checks.filter(({ often }) => often || all)) {
    home('TypeScript', `${each.name}, moduleResolution ${each.resolution}`, () => check(each));
  }
  for (const name of all ? VERSIONS : ['typescript']) home('TypeScript', `${name}, the declarations themselves`, () => entries(name));
  home('TypeScript', 'a classic script', classic);

  test('a type that is wrong is found', async () => {
    for (const file of ['channel.ts', 'codecs.ts', 'options.ts', 'web_socket.ts', 'classic.ts']) {
      const broken = readFileSync(join(root, 'tests/types', file), 'utf8').replaceAll('// @ts-expect-error', '//');
      write(`types/broken/${file}`, broken);
      const options = { module: 'esnext', moduleResolution: 'bundler', moduleDetection: 'legacy', types: ['node'] };
      await assert.rejects(compile('typescript', `broken.${file}`, options, [`broken/${file}`]), file);
    }
  });
});

describe('the package as others read it', () => {
  home('publint', 'strict', () => publint());
  home('attw', 'every entry, node10, node16 and bundler', () => attw());
});
