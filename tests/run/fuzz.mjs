#!/usr/bin/env node
// Runs the fuzz targets in `tests/fuzz`: `npm run fuzz`, `npm run fuzz -- --seconds 600 rfc6455 inflate`. The suite `fuzz` runs each
// for 20 s in CI (`CI=true`) and for 5 s elsewhere. What is found beside the seeds stays in `target/fuzz/corpus`, and the next run begins with it.
import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from './build.mjs';
import { capture, endChildrenOnSignals } from './process.mjs';
import { setupOrExit } from './setup.mjs';

const PROJECT = join('tests', 'fuzz');
const BUILT = join('target', 'fuzz');
/** An input that takes longer than this many seconds is a failure, as is one that needs more memory than this many MiB. */
const TIMEOUT = 10;
const MEMORY = 2048;
/** Bytes of an input: enough for every state, few enough for thousands of runs a second. */
const MAX_LEN = 4096;

const names = readdirSync(join(root, PROJECT, 'targets')).map((file) => file.replace(/\.rs$/, ''));

/**
 * Builds all targets once and runs each, as many at a time as there are cores.
 * @param {{paths: {cargoFuzz: string}}} tools of set-up
 * @param {object} [options]
 * @param {number} [options.seconds] for each target
 * @param {string[]} [options.targets]
 * @param {number} [options.seed] of libFuzzer's choices; 0 takes another each time. A smoke run repeats itself, so that what it decides is not luck
 * @returns {Promise<{passed: number, failed: number, skipped: number}>} a target is one test
 */
export async function fuzz(tools, { seconds = process.env.CI === 'true' ? 20 : 5, targets = names, seed = 1 } = {}) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const built = await build(tools);
  if (!built) return { ...count, failed: targets.length };
  const waiting = [...targets];
  const work = async () => {
    for (let target; (target = waiting.shift());) {
      const line = await play(join(built, target), target, { seconds, seed });
      console.log(line.ok ? `${target}: ${line.words}` : `${target}: FAILED\n${line.words}`);
      count[line.ok ? 'passed' : 'failed'] += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return count;
}

/** The folder of the programs, or null. */
async function build({ paths }) {
  const about = await capture('rustc', ['-vV'], { cwd: root, quiet: true });
  const host = about.output.match(/^host: (\S+)$/m)?.[1] ?? '';
  const sysroot = (await capture('rustc', ['--print', 'sysroot'], { cwd: root, quiet: true })).output.trim();
  // Not every distribution's Rust has the sanitizer's runtime. Without it the dependencies' own unsafe code is watched less.
  const runtime = readdirSync(join(sysroot, 'lib', 'rustlib', host, 'lib')).some((file) => file.includes('_rt.asan.'));
  const args = ['fuzz', 'build', '--fuzz-dir', PROJECT, '--target-dir', BUILT, '--target', host];
  const { ok } = await capture('cargo', [...args, '--sanitizer', runtime ? 'address' : 'none'], {
    cwd: root,
    // RUSTC_BOOTSTRAP: a stable compiler has sanitizers, too, and keeps them for nightly.
    env: { RUSTC_BOOTSTRAP: '1', PATH: [dirname(paths.cargoFuzz), process.env.PATH].join(delimiter) },
  });
  return ok ? join(root, BUILT, host, 'release') : null;
}

async function play(program, target, { seconds, seed }) {
  const found = join(root, BUILT, 'corpus', target);
  mkdirSync(found, { recursive: true });
  const artifacts = join(root, BUILT, 'artifacts', `${target}-`);
  mkdirSync(dirname(artifacts), { recursive: true });
  const args = [
    `-max_total_time=${seconds}`,
    `-seed=${seed}`,
    `-timeout=${TIMEOUT}`,
    `-rss_limit_mb=${MEMORY}`,
    `-max_len=${MAX_LEN}`,
    `-artifact_prefix=${artifacts}`,
    // The first folder takes what is found, the second is only read.
    found,
    join(root, PROJECT, 'corpus', target),
  ];
  const { ok, output } = await capture(program, args, { cwd: root, quiet: true });
  const began = output.match(/^#\d+\s+INITED cov: (\d+)/m);
  const done = output.match(/^#(\d+)\s+DONE\s+cov: (\d+) .* exec\/s: (\d+)/m);
  if (ok && began && done) {
    const grown = done[2] - began[1];
    return { ok, words: `${done[1]} executions, ${done[3]} a second; coverage ${done[2]} edges, ${grown} of them new` };
  }
  const input = output.match(/Test unit written to (\S+)/)?.[1];
  const again = input ? `\nagain: ${relative(root, program)} ${relative(root, input)}` : '';
  const from = output.search(/^(thread |==\d+==|INFO: Seed)/m);
  return { ok: false, words: output.slice(Math.max(from, 0)).split('\n').slice(0, 40).join('\n') + again };
}

async function main() {
  let options;
  try {
    const { values, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '60' } }, allowPositionals: true });
    const seconds = Number(values.seconds);
    if (!Number.isInteger(seconds) || seconds < 1) throw new Error(`--seconds wants a number of seconds, not ${values.seconds}`);
    const unknown = positionals.filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new Error(`unknown target ${unknown.join(', ')}; there are ${names.join(', ')}`);
    options = { seconds, targets: positionals.length > 0 ? positionals : names, seed: 0 };
  } catch (error) {
    console.error(`npm run fuzz: ${error.message}`);
    process.exit(2);
  }
  endChildrenOnSignals();
  const tools = await setupOrExit({ tests: true, browsers: [], needs: ['fuzz'] });
  const { failed } = await fuzz(tools, options);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
