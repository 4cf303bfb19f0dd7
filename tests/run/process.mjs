// Child processes: none of them outlives us, however we end.
//
// Each child leads a process group of its own, so that one signal ends it together with what it started (cargo's compilers), and so that a
// Ctrl-C of the terminal reaches us alone: we end the children, in order, and then ourselves.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A child that does not end by SIGTERM in this time is killed. */
const KILL_AFTER_MS = 5_000;
/** How many last lines of a failed command are shown. */
const TAIL_LINES = 60;

/** Children that run. */
const running = new Set();
/** What else has to be done before we end. */
const endings = new Set();
let ending = null;

// However this process ends, a throw included. There is no time to be polite then.
process.on('exit', () => running.forEach((child) => signalGroup(child, 'SIGKILL')));

/**
 * From here on SIGINT, SIGTERM and SIGHUP end the children and then this process.
 * @param {(signal: string) => number} [exitCode] default: 128 + the signal's number, as shells report it
 */
export function endOnSignals(exitCode = (signal) => 128 + constants.signals[signal]) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, async () => {
      // A second Ctrl-C changes nothing: the children have a few seconds at most.
      ending ??= endAll();
      await ending;
      process.exit(exitCode(signal));
    });
  }
}

/** Does `action` when this process is asked to end before the returned function is called. */
export function whenEnding(action) {
  endings.add(action);
  return () => endings.delete(action);
}

async function endAll() {
  await Promise.allSettled([...endings].map((action) => action()));
  await Promise.allSettled([...running].map(end));
}

/**
 * Starts a program without a shell. It is ended when we end; `end` ends it before.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {import('node:child_process').ChildProcess & {ended: Promise<{code: number | null, signal: string | null}>}}
 */
export function start(program, args, options = {}) {
  if (ending) throw new Error('ending');
  const child = spawn(program, args, { ...options, detached: true });
  running.add(child);
  child.ended = new Promise((resolve, reject) => {
    child.once('error', (error) => {
      running.delete(child);
      reject(new Error(`${program} cannot be started: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  // Whoever waits for it hears of it; nobody has to.
  child.ended.catch(() => {});
  return child;
}

/** Ends a child and what it started, and waits until it has ended. */
export async function end(child) {
  if (!running.has(child)) return;
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
  await child.ended.catch(() => {});
  clearTimeout(timer);
}

/**
 * Runs a command to its end. What it prints is shown only when it fails, or all of it with `show`.
 * @param {string} program
 * @param {string[]} args
 * @param {{cwd?: string, env?: Record<string, string>, show?: boolean}} [options] `env` is added to our own
 * @returns {Promise<string>} what it printed on standard output
 * @throws {CommandError} when it does not end with 0
 */
export async function run(program, args, { cwd, env, show = false } = {}) {
  const child = start(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let all = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    all += text;
    output += text;
    if (show) process.stdout.write(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    all += text;
    if (show) process.stderr.write(text);
  });
  const { code, signal } = await child.ended;
  // Ended by us: the signal's handler says the rest and ends this process.
  if (ending) await new Promise(() => {});
  if (code !== 0) throw new CommandError([program, ...args], code ?? signal, show ? '' : all);
  return output;
}

/** A command that failed, with the last lines of what it printed. */
export class CommandError extends Error {
  constructor(command, how, output) {
    const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    super(`${command.join(' ')}: ended with ${how}${tail && `\n${tail}`}`);
    this.name = 'CommandError';
  }
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile, or never began.
  }
}
