// `npm run bench -- session`: typed messages of 64 bytes a second, received, sent and echoed, in one page and in one run: a session of ours with
// batches and value by value, beside the browser's own class and socket.io, both a message at a time. Both sides encode, decode and sum up.
// Rounds are interleaved; what is told is the median of the rounds' ratios and their 95 % interval.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, wasm } from '../../run/build.mjs';
import { openSession, startDriver } from '../../run/drivers.mjs';
import { CommandError, end, run } from '../../run/process.mjs';
import { setupOrExit } from '../../run/setup.mjs';
import { startTestServer } from '../../run/test-server.mjs';
import { interval, median, pageOf } from '../browser/bench.mjs';
import { told } from '../servers.mjs';

const PACKAGE = 'websocket-channel-bench';
const BASELINE = "browser's class";
const KINDS = ['receive', 'send', 'echo'];
const CODECS = ['bytes', 'messagepack'];
/** Messages of the first round, which tells how many take this many seconds. */
const FIRST = { receive: 4000, send: 4000, echo: 400 };
const TIME = 0.3;
const MOST = 2_000_000;

export async function bench(args) {
  const { quick, rounds, only, browser } = options(args);
  const tools = await setupOrExit({ tests: true, browsers: [browser], needs: ['peers'] });
  const folder = await compose(tools);
  await run('cargo', ['build', '--quiet', '--locked', '--release', '-p', PACKAGE], { cwd: root });
  const typed = await listening(join(root, 'target/release', PACKAGE), ['typed']);
  const socketIo = await listening(process.execPath, [join(root, 'tests/bench/session/socketio.mjs')]);
  const site = await startTestServer(['--www', folder], 'release');
  const driver = await startDriver(browser, tools);
  try {
    const session = await openSession(driver);
    try {
      const page = await pageOf(session, `${site.origin.replace('ws', 'http')}/index.html`);
      const clients = await page('bench.ready.then(() => bench.clients)');
      const ports = { typed: `ws://127.0.0.1:${typed.ports[0]}`, socketIo: socketIo.ports[0], socketIoMessagePack: socketIo.ports[1] };
      const rows = [];
      for (const kind of KINDS)
        for (const codec of CODECS) {
          if (!`${kind} ${codec}`.includes(only)) continue;
          const measured = await measure(page, { kind, codec }, clients, ports, { rounds, time: quick ? TIME / 4 : TIME });
          rows.push(...report(`${kind}, ${codec}`, measured, clients));
        }
      const overheads = await measureOverheads(page, clients, ports);
      return { browser, rounds, rows, overheads };
    } finally {
      await session.quit();
    }
  } finally {
    await driver.stop();
    await site.stop();
    await end(socketIo.child);
    await end(typed.child);
  }
}

function options(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string', default: '' },
        browser: { type: 'string', default: 'chromium' },
      },
    });
    const rounds = Number(values.rounds ?? (values.quick ? 3 : 11));
    if (!(rounds > 0)) throw new Error('rounds is a number above 0');
    return { ...values, rounds };
  } catch (error) {
    throw new CommandError(`bench session: ${error.message}`);
  }
}

/** A server, when it has printed its ports. */
async function listening(program, args) {
  const { child, line } = told(program, args);
  return { child, ports: (await line()).split(' ').map(Number) };
}

async function compose(tools) {
  const folder = join(root, 'target/bench/session');
  mkdirSync(folder, { recursive: true });
  const rust = await wasm(tools, { name: 'websocket-channel-bench-browser', profile: 'release', out: 'bench-browser' });
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, 'tests/bench/session/page.js')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    nodePaths: [join(root, 'tests/peers/node_modules')],
    alias: { 'bench-glue': rust.glue },
    logLevel: 'error',
  });
  copyFileSync(rust.wasm, join(folder, 'bench.wasm'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>\n');
  return folder;
}

/** `measured[client]`: messages a second, one figure for each round. Each client has as many messages as take it about the same time. */
async function measure(page, job, clients, ports, { rounds, time }) {
  const measured = Object.fromEntries(clients.map((client) => [client, []]));
  const counts = Object.fromEntries(clients.map((client) => [client, FIRST[job.kind]]));
  // The first two warm up, and tell the counts.
  for (let round = -2; round < rounds; round++) {
    const first = (round + 2) % clients.length;
    for (const client of [...clients.slice(first), ...clients.slice(0, first)]) {
      const given = [client, { ...job, count: counts[client] }, ports].map((each) => JSON.stringify(each));
      const figure = await page(`bench.run(${given})`).catch((error) => {
        throw new Error(`${client}, ${job.kind} ${job.codec}: ${error.message}`);
      });
      if (round >= 0) measured[client].push(figure);
      else counts[client] = Math.min(MOST, Math.max(FIRST[job.kind], Math.round(figure * time)));
    }
  }
  return measured;
}

/** Bytes a message above its own 64, in a stream of many. */
async function measureOverheads(page, clients, ports) {
  console.log(`\n${'bytes on the wire above a message'.padEnd(32)}${'received'.padStart(12)}${'sent'.padStart(12)}`);
  const overheads = [];
  for (const client of clients) {
    const figures = [];
    for (const kind of ['receive', 'send']) {
      const given = [client, { kind, codec: 'bytes', count: 20_000 }, ports].map((each) => JSON.stringify(each));
      figures.push(await page(`bench.overhead(${given})`));
    }
    overheads.push({ client, received: figures[0], sent: figures[1] });
    console.log(`  ${client.padEnd(30)}${figures.map((figure) => figure.toFixed(2).padStart(12)).join('')}`);
  }
  return overheads;
}

function report(name, measured, clients) {
  console.log(
    `\n${name.padEnd(32)}${'a second'.padStart(12)}${`times ${BASELINE}`.padStart(24)}${'95 %'.padStart(18)}${'times socket.io'.padStart(18)}`,
  );
  const ratios = (client, base) => measured[client].map((figure, round) => figure / measured[base][round]);
  const fastest = clients
    .filter((client) => client.startsWith('socket.io'))
    .toSorted((a, b) => median(measured[b]) - median(measured[a]))[0];
  return clients.map((client) => {
    const own = ratios(client, BASELINE);
    const [low, high] = interval(own);
    const row = {
      workload: name,
      client,
      per_second: Math.round(median(measured[client])),
      times_class: median(own),
      low,
      high,
      times_socket_io: median(ratios(client, fastest)),
    };
    const cells = [
      String(row.per_second).padStart(12),
      row.times_class.toFixed(2).padStart(24),
      `${low.toFixed(2)}-${high.toFixed(2)}`.padStart(18),
      row.times_socket_io.toFixed(2).padStart(18),
    ];
    console.log(`  ${client.padEnd(30)}${cells.join('')}`);
    return row;
  });
}
