// `npm run bench -- browser`: messages a second of our clients and other people's beside the browser's own class, all in one page and in one run.
// A round measures every workload with every client, in an order that turns from round to round; what is told is the median of the
// rounds' ratios to the browser's own class, and the 95 % interval of that median by order statistics.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, root, wasm } from '../../run/build.mjs';
import { openSession, startDriver } from '../../run/drivers.mjs';
import { CommandError } from '../../run/process.mjs';
import { setupOrExit } from '../../run/setup.mjs';
import { startTestServer } from '../../run/test-server.mjs';

/** How long one takes with the browser's own class, in seconds: shorter ones say more about the neighbours. */
const TIME = 0.5;
/** `count`: of the first round, which tells how many it takes. */
const WORKLOADS = [
  { name: 'receive 64 B', kind: 'receive', of: 'bytes', size: 64, count: 16000 },
  { name: 'receive 1 KiB ASCII', kind: 'receive', of: 'ascii', size: 1024, count: 12000 },
  { name: 'receive 1 KiB not ASCII', kind: 'receive', of: 'unicode', size: 1024, count: 8000 },
  { name: 'receive 64 KiB', kind: 'receive', of: 'bytes', size: 64 << 10, count: 1200 },
  { name: 'receive 1 MiB', kind: 'receive', of: 'bytes', size: 1 << 20, count: 80 },
  { name: 'receive JSON 160 B', kind: 'json', of: 'json', size: 160, count: 16000 },
  { name: 'send 64 B', kind: 'send', of: 'bytes', size: 64, count: 16000 },
  { name: 'send 1 KiB ASCII', kind: 'send', of: 'ascii', size: 1024, count: 12000 },
  { name: 'send 1 KiB not ASCII', kind: 'send', of: 'unicode', size: 1024, count: 8000 },
  { name: 'send 64 KiB', kind: 'send', of: 'bytes', size: 64 << 10, count: 1200 },
  { name: 'send 1 MiB', kind: 'send', of: 'bytes', size: 1 << 20, count: 80 },
  { name: 'echo 64 B', kind: 'echo', of: 'bytes', size: 64, count: 2000 },
];
const BASELINE = 'browser';
/** Every workload begins with a message of its size, and by stream ours sends none that is larger than this. */
const LARGEST_BY_STREAM = 64 << 10;
const can = (client, { size }) => !/^ours.* by stream$/.test(client) || size <= LARGEST_BY_STREAM;
/** DESIGN.md's budget. */
const BAR = { median: 0.9, reach: 0.95 };
/** It sends a Blob, which a socket made of nothing cannot send back. */
const ONLY_REAL = ['gloo-net'];
/** A run that takes longer hangs. */
const RUN_LIMIT_MS = 60_000;

/** Gives the rows; a row below the bar makes the process fail. */
export async function bench(args) {
  const { quick, rounds, only, browser, alone, clients: chosen } = options(args);
  const tools = await setupOrExit({ tests: true, browsers: [browser], needs: ['peers'] });
  const folder = await compose(tools);
  const server = await startTestServer(['--www', folder], 'release');
  // Not by the DevTools protocol, as Playwright does it: with its `Network` domain on, Chromium reports every frame with its payload to whoever drives
  // it, on the page's own thread. That was half of what a message of 64 bytes cost, and most of the noise.
  const driver = await startDriver(browser, tools);
  try {
    const session = await openSession(driver);
    try {
      const page = await pageOf(session, `${server.origin.replace('ws', 'http')}/${alone ? 'alone' : 'index'}.html`);
      // Not at the comma and space inside a name.
      const wanted = chosen?.split(/,(?! )/);
      const clients = (await page('bench.ready.then(() => bench.clients)')).filter(
        (name) => (!wanted || name === BASELINE || wanted.includes(name)) && !(alone && ONLY_REAL.includes(name)),
      );
      const workloads = WORKLOADS.filter(({ name }) => name.includes(only)).map((each) =>
        quick ? { ...each, count: Math.ceil(each.count / 4) } : each,
      );
      const time = quick || alone ? 0 : TIME;
      const measured = await measure(page, { workloads, clients, rounds, origin: server.origin, time });
      if (alone) return { browser, alone, ...reportAlone(measured, { workloads, clients, rounds }) };
      return { browser, ...report(measured, { workloads, clients, rounds }) };
    } finally {
      await session.quit();
    }
  } finally {
    await driver.stop();
    await server.stop();
  }
}

/** A function that gives what an expression resolves to in the page. */
export async function pageOf(session, address) {
  await session.manage().setTimeouts({ script: RUN_LIMIT_MS });
  await session.get(address);
  return async (expression) => {
    const [error, value] = await session.executeAsyncScript(
      `const done = arguments[0]; (async () => ${expression})().then((value) => done([null, value]), (error) => done([String(error)]))`,
    );
    if (error) throw new Error(error);
    return value;
  };
}

/** `--quick`: a few rounds of small counts, to see that it runs. */
function options(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string', default: '' },
        browser: { type: 'string', default: 'chromium' },
        alone: { type: 'boolean', default: false },
        clients: { type: 'string' },
      },
    });
    const rounds = Number(values.rounds ?? (values.quick ? 5 : 21));
    if (!(rounds > 0)) throw new Error('rounds is a number above 0');
    return { ...values, rounds };
  } catch (error) {
    throw new CommandError(`bench browser: ${error.message}`);
  }
}

/** What the page loads. Ours by Rust is built as users build by default, for speed: `release`. The npm package is as published. */
async function compose(tools) {
  const folder = join(root, 'target/bench/browser');
  mkdirSync(folder, { recursive: true });
  const rust = await wasm(tools, { name: 'websocket-channel-bench-browser', profile: 'release', out: 'bench-browser' });
  const dist = await build(tools);
  const { build: bundle } = await import('esbuild');
  const peers = join(root, 'tests/peers/node_modules');
  await bundle({
    entryPoints: [join(root, 'tests/bench/browser/clients.js')],
    outfile: join(folder, 'clients.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    nodePaths: [peers],
    alias: {
      'bench-glue': rust.glue,
      'websocket-channel/no-wasm': join(dist, 'no-wasm.js'),
      'websocket-channel': join(dist, 'index.js'),
    },
    logLevel: 'error',
  });
  copyFileSync(rust.wasm, join(folder, 'bench.wasm'));
  copyFileSync(join(root, 'tests/bench/browser/alone.js'), join(folder, 'alone.js'));
  const script = (name) => `<script type="module" src="${name}.js"></script>`;
  writeFileSync(join(folder, 'index.html'), `<!doctype html>${script('clients')}\n`);
  writeFileSync(join(folder, 'alone.html'), `<!doctype html>${script('alone')}${script('clients')}\n`);
  return folder;
}

/** `measured[workload][client]`: one figure for each round. */
async function measure(page, { workloads, clients, rounds, origin, time }) {
  const measured = Object.fromEntries(workloads.map(({ name }) => [name, Object.fromEntries(clients.map((client) => [client, []]))]));
  const counts = [];
  // The first one warms the page's compilers up and does not count.
  for (let round = -1; round < rounds; round++) {
    for (const [index, workload] of workloads.entries()) {
      const first = (((round + index) % clients.length) + clients.length) % clients.length;
      for (const client of [...clients.slice(first), ...clients.slice(0, first)].filter((client) => can(client, workload))) {
        const job = { ...workload, count: round < 0 ? workload.count : counts[index] };
        const given = [client, job, origin].map((each) => JSON.stringify(each));
        const figure = await page(`bench.run(${given})`).catch((error) => {
          throw new Error(`${client}, ${workload.name}: ${error.message}`);
        });
        if (round >= 0) measured[workload.name][client].push(figure);
        else if (client === BASELINE) counts[index] = Math.max(workload.count, Math.round(figure * time));
      }
    }
    process.stdout.write(round < 0 ? 'rounds: ' : `${round + 1} `);
  }
  console.log();
  return measured;
}

/** Prints a table for each workload, and what is below the bar. */
function report(measured, { workloads, clients, rounds }) {
  const rows = [];
  const missed = [];
  for (const workload of workloads) {
    const { name } = workload;
    const those = clients.filter((client) => can(client, workload));
    const figures = measured[name];
    const ratios = (client, base) => figures[client].map((figure, round) => figure / figures[base][round]);
    console.log(`\n${name.padEnd(28)}${'per second'.padStart(12)}${'ratio'.padStart(9)}${'95 %'.padStart(16)}`);
    for (const client of those) {
      const ratio = median(ratios(client, BASELINE));
      const [low, high] = interval(ratios(client, BASELINE));
      rows.push({
        workload: name,
        client,
        per_second: Math.round(median(figures[client])),
        ratio_to_browser: round3(ratio),
        low: round3(low),
        high: round3(high),
      });
      const ours = client.startsWith('ours');
      const bad = ours && (ratio < BAR.median || high < BAR.reach);
      if (bad) missed.push(`${client}, ${name}: ${ratio.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`);
      const ahead = ours
        ? those.filter((other) => !other.startsWith('ours') && other !== BASELINE && interval(ratios(other, client))[0] > 1)
        : [];
      const remarks = [bad ? 'below the bar' : '', ahead.length > 0 ? `behind ${ahead.join(', ')}` : ''].filter(Boolean).join('; ');
      const cells = [
        String(Math.round(median(figures[client]))).padStart(12),
        ratio.toFixed(2).padStart(9),
        `${low.toFixed(2)}-${high.toFixed(2)}`.padStart(16),
      ];
      console.log(`  ${client.padEnd(26)}${cells.join('')}  ${remarks}`);
    }
  }
  console.log(`\n${rounds} rounds`);
  console.log(
    missed.length === 0 ? `bar: every row of ours reaches ${BAR.median} and ${BAR.reach}` : `below the bar:\n  ${missed.join('\n  ')}`,
  );
  if (missed.length > 0) process.exitCode = 1;
  return { rounds, rows };
}

/** Nanoseconds a message that are the client's own: what it takes above the same loop in JavaScript. Noise only adds, so the least of the rounds tell. */
function reportAlone(measured, { workloads, clients, rounds }) {
  const rows = [];
  for (const workload of workloads) {
    const { name } = workload;
    console.log(`\n${name.padEnd(28)}${'ns a message'.padStart(14)}${'above JavaScript'.padStart(18)}`);
    const least = (client) => 1e9 / Math.max(...measured[name][client]);
    for (const client of clients.filter((client) => can(client, workload))) {
      const [nanos, above] = [least(client), least(client) - least(BASELINE)].map(Math.round);
      rows.push({ workload: name, client, nanos, above });
      console.log(`  ${client.padEnd(26)}${String(nanos).padStart(14)}${String(above).padStart(18)}`);
    }
  }
  console.log(`\n${rounds} rounds`);
  return { rounds, rows };
}

const sorted = (values) => values.toSorted((a, b) => a - b);
const round3 = (value) => Math.round(value * 1000) / 1000;

export function median(values) {
  const order = sorted(values);
  const middle = order.length >> 1;
  return order.length % 2 ? order[middle] : (order[middle - 1] + order[middle]) / 2;
}

/** The 95 % interval of the median: the narrowest pair of order statistics that the binomial distribution gives it. */
export function interval(values) {
  const order = sorted(values);
  const n = order.length;
  let tail = 0;
  let chance = 0.5 ** n;
  let k = 0;
  // P(X <= k) for X ~ B(n, 1/2), as long as both tails together stay below 5 %.
  while (2 * (tail + chance) < 0.05) {
    tail += chance;
    chance = (chance * (n - k)) / (k + 1);
    k++;
  }
  return k === 0 ? [order[0], order[n - 1]] : [order[k - 1], order[n - k]];
}
