#!/usr/bin/env node
// Runs the Autobahn cases, by an implementation that is not ours, against our server, our native client, and the npm package in a page.
//
//   npm run conformance -- [server] [client] [chromium] [--all] [--write]
//
// Without names: server and client. --all adds the 216 cases of compression, which take minutes. --write replaces the results that are committed
// beside this file. Any difference from them is printed, and is a failure. Exit codes: 0 all as committed; 1 not; 2 a bad command line or set-up.
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, root } from '../run/build.mjs';
import { capture, end, endChildrenOnSignals, run, start } from '../run/process.mjs';
import { setupOrExit } from '../run/setup.mjs';
import { buildNative, startTestServer } from '../run/test-server.mjs';
import { runInChromium } from './chromium.mjs';
import { compare, readResults, writeResults } from './results.mjs';

const TOOL = join(root, 'tests/conformance/autobahn.py');
/** The groups of permessage-deflate. */
const COMPRESSION = ['12.*', '13.*'];
/** Messages of up to 16 MiB and up to 65,536 frames: of a browser they would tell nothing about us. */
const SIZES = ['9.*'];

/**
 * As a server the tool speaks of a client's context only to one that offers to do without (`client_no_context_takeover`), which is a hint that
 * ours does not give unless it was told to (RFC 7692 §7.1.1.2). The cases about that are run with a client that was.
 */
const NO_TAKEOVER = ['13.2.*', '13.5.*', '13.6.*'];

const SIDES = {
  server: {
    heading: ['Our server, asked by the Autobahn cases. A verdict that is not OK has its reason behind it.'],
    leaveOut: (all) => (all ? [] : COMPRESSION),
    rows: server,
  },
  client: {
    heading: ['Our native client, asked by the Autobahn cases. A verdict that is not OK has its reason behind it.'],
    leaveOut: (all) => (all ? [] : COMPRESSION),
    rows: client,
  },
  chromium: {
    heading: [
      'The npm package in a page of Chromium, asked by the Autobahn cases: a baseline. The frames are the browser’s own; what it does is not ours to mend.',
    ],
    leaveOut: () => [...SIZES, ...COMPRESSION],
    rows: chromium,
  },
};

/**
 * Runs the sides and compares.
 * @param {object} options
 * @param {{paths: Record<string, string>}} options.tools of set-up
 * @param {string[]} [options.sides] of `server`, `client`, `chromium`
 * @param {boolean} [options.all] compression too
 * @param {boolean} [options.write] instead of comparing
 * @returns {Promise<{passed: number, failed: number, skipped: number}>} of cases
 */
export async function conformance({ tools, sides = ['server', 'client'], all = false, write = false }) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of sides) {
    const side = SIDES[name];
    const leaveOut = side.leaveOut(all);
    const rows = await within(all ? LIMIT_MS.all : LIMIT_MS.usual, side.rows({ tools, all, leaveOut }), name);
    if (write) writeResults(name, side.heading, rows);
    const expected = new Map([...readResults(name)].filter(([id]) => !leaveOut.some((group) => id.startsWith(group.slice(0, -1)))));
    const differences = compare(expected, rows);
    const verdicts = [...new Set(rows.map((row) => row.verdict))];
    const counts = verdicts.map((verdict) => `${rows.filter((row) => row.verdict === verdict).length} ${verdict}`);
    console.log(`${name}: ${rows.length} cases: ${counts.join(', ')}; ${differences.length} different from what is committed`);
    for (const line of differences) console.log(`  ${line}`);
    total.passed += Math.max(0, rows.length - differences.length);
    total.failed += rows.length === 0 ? 1 : differences.length;
  }
  return total;
}

/** What goes on for longer hangs; on a busy machine one side has taken 30 s, and all its cases 6 min. */
const LIMIT_MS = { usual: 600_000, all: 3_600_000 };

async function within(limit, work, name) {
  let timer;
  const late = new Promise(
    (_, reject) => (timer = setTimeout(() => reject(new Error(`${name}: no end after ${limit / 60_000} min`)), limit)),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function server({ tools, all, leaveOut }) {
  const server = await startTestServer([], profile(all));
  try {
    return await fuzzingClient(tools, `${server.origin}/echo?deflate=yes`, exclude(leaveOut));
  } finally {
    await server.stop();
  }
}

async function client({ tools, all, leaveOut }) {
  const program = await buildNative('websocket-channel-interop', profile(all));
  const asUsual = await fuzzingServer(tools, exclude([...leaveOut, ...NO_TAKEOVER]), (address) => run(program, ['autobahn', address]));
  if (!all) return asUsual;
  const without = await fuzzingServer(tools, include(NO_TAKEOVER), (address) => run(program, ['autobahn', '--no-takeover', address]));
  return [...asUsual, ...without];
}

async function chromium({ tools, leaveOut }) {
  await build(tools);
  return fuzzingServer(tools, exclude(leaveOut), (address) => runInChromium(tools, address));
}

/** Compressing a gigabyte takes a compiler that optimises. */
const profile = (all) => (all ? 'release' : 'debug');

const include = (groups) => groups.flatMap((group) => ['--include', group]);
const exclude = (groups) => groups.flatMap((group) => ['--exclude', group]);

/** The tool as a client of `address`. */
async function fuzzingClient(tools, address, args) {
  const { ok, output } = await capture(tools.paths.python, [TOOL, 'client', address, ...args], { quiet: true });
  if (!ok) throw new Error(`the tool failed:\n${output}`);
  return rows(output.split('\n'));
}

/** The tool as a server, for as long as `talk` talks to it. */
async function fuzzingServer(tools, args, talk) {
  const child = start(tools.paths.python, [TOOL, 'server', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = [];
    const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const first = await Promise.race([once(reader, 'line'), child.ended.then(() => null)]);
    if (!first) throw new Error('the tool ended before it listened');
    await talk(first[0]);
    await child.ended;
    return rows(lines);
  } finally {
    await end(child);
  }
}

const rows = (lines) => lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

async function main() {
  let options;
  try {
    const { values, positionals } = parseArgs({
      options: { all: { type: 'boolean' }, write: { type: 'boolean' } },
      allowPositionals: true,
    });
    const unknown = positionals.filter((name) => !(name in SIDES));
    if (unknown.length > 0) throw new Error(`unknown side ${unknown.join(', ')}; there are ${Object.keys(SIDES).join(', ')}`);
    options = { ...values, ...(positionals.length > 0 ? { sides: positionals } : {}) };
  } catch (error) {
    console.error(`conformance: ${error.message}`);
    process.exit(2);
  }
  endChildrenOnSignals();
  const browsers = options.sides?.includes('chromium') ? ['chromium'] : [];
  const tools = await setupOrExit({ tests: true, browsers, needs: ['python'] });
  const { failed } = await conformance({ tools, ...options }).catch((error) => {
    console.error(error.message);
    return { failed: 1 };
  });
  process.exit(failed > 0 ? 1 : 0);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
