// Child processes: none outlives us, however we end.
//
// Each leads a process group of its own, so that one signal ends it together with what it started (cargo's compilers), and so that a Ctrl-C
// of the terminal reaches us alone: we end the children, in order, and then ourselves.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A child that does not end by SIGTERM in this time is killed. */
const KILL_AFTER_MS = 5_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
/** What else has to be done before we end. */
const endings = new Set();
let ending = null;

// A throw included. There is no time to be polite then.
process.on('exit', () => running.forEach((child) => signalGroup(child, 'SIGKILL')));

/**
 * SIGINT, SIGTERM and SIGHUP end the children first.
 * @param {(signal: string) => number} [exitCode] default: 128 + the signal's number, as shells report it
 */
export function endChildrenOnSignals(exitCode = (signal) => 128 + constants.signals[signal]) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, async () => {
      // A second Ctrl-C changes nothing: the children have a few seconds at most.
      ending ??= endAll();
      await ending;
      process.exit(exitCode(signal));
    });
  }
}

async function endAll() {
  await Promise.allSettled([...endings].map((action) => action()));
  await Promise.allSettled([...running].map(end));
}

/** Does `action` when this process is asked to end before the returned function is called. */
export function whenEnding(action) {
  endings.add(action);
  return () => endings.delete(action);
}

/**
 * Starts a program, without a shell; it is ended when this process is. `env` is added to this process's.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {import('node:child_process').ChildProcess & {ended: Promise<number | null>}} `ended`: its exit code, null when it was killed or
 *   could not be started
 */
export function start(program, args, { env, ...options } = {}) {
  const child = spawn(program, args, { ...options, env: { ...process.env, ...env }, detached: true });
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message);
      resolve(null);
    });
    child.once('close', resolve);
  }).then((code) => {
    running.delete(child);
    // Ended by a signal to us: its handler says the rest, and nobody goes on as if the child had failed.
    return ending ? new Promise(() => {}) : code;
  });
  return child;
}

/** Ends a child and what it started, and waits until it has ended. */
export async function end(child) {
  if (!running.has(child)) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
  await gone;
  clearTimeout(timer);
}

/** Runs a program to its end with its output shown. Throws when it fails. */
export async function run(program, args, options = {}) {
  const code = await start(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options }).ended;
  if (code !== 0) throw new CommandError(`failed: ${program} ${args.join(' ')}`);
}

/** Runs a program to its end with its output kept, and shown unless `quiet`. */
export async function capture(program, args, { quiet = false, ...options } = {}) {
  const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      if (!quiet) to.write(chunk);
    });
  }
  return { ok: (await child.ended) === 0, output };
}

/** A command that failed and has said why; its stack is of no interest. */
export class CommandError extends Error {}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile, or never began.
  }
}
