import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, createWriteStream, mkdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SetupFailure } from './failure.mjs';

// Every child of this module runs in a process group of its own, so that one signal ends it together with the
// compilers it started, and so that Ctrl-C in a terminal does not reach dpkg in the middle of an installation.

/** How much of a child's output is kept to be shown when it fails; all of it is in the log file. */
const TAIL_LINES = 12;
/** A child that does not end by SIGTERM in this time is killed. */
const KILL_AFTER_MS = 5_000;
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** @type {Set<{end(): void, patient: boolean}>} */
const running = new Set();
/** @type {string | null} */
let interruptedBy = null;

/**
 * From here until the returned function is called, SIGINT, SIGTERM and SIGHUP end the running child, and `run`
 * throws; the callers' `finally` blocks clean up.
 */
export function listenForInterrupts(log) {
  interruptedBy = null;
  const handle = (signal) => {
    if (interruptedBy) return;
    interruptedBy = signal;
    const waits = [...running].some((child) => child.patient);
    log(
      waits
        ? `set-up: ${signal}; waiting for the package manager to finish, as stopping it midway would leave the system half-configured`
        : `set-up: ${signal}; ending`,
    );
    for (const child of running) if (!child.patient) child.end();
  };
  const signals = Object.keys(SIGNAL_NUMBERS);
  for (const signal of signals) process.on(signal, handle);
  return () => signals.forEach((signal) => process.off(signal, handle));
}

/** Throws if a signal has come; for places that wait or work without a child. */
export function throwIfInterrupted() {
  if (interruptedBy) {
    throw new SetupFailure(
      'set-up: interrupted; nothing is left half-installed, run it again to go on',
      128 + SIGNAL_NUMBERS[interruptedBy],
    );
  }
}

/**
 * Runs a command to its end without a shell; its output goes to `logFile`.
 *
 * @param {string[]} command program and arguments
 * @param {object} options
 * @param {string} [options.cwd]
 * @param {Record<string, string | undefined>} options.env the whole environment of the child
 * @param {string} options.logFile appended to
 * @param {number} [options.timeoutMs] ends the child after this time; none by default
 * @param {boolean} [options.patient] a signal waits for this child instead of ending it
 * @returns {Promise<{ok: boolean, timedOut: boolean, output: string, tail: string}>} `output` is what it printed,
 *   both streams; a program that cannot be started counts as failed
 */
export async function run(command, { cwd, env, logFile, timeoutMs, patient = false }) {
  throwIfInterrupted();
  mkdirSync(dirname(logFile), { recursive: true });
  const logStream = createWriteStream(logFile, { flags: 'a' });
  logStream.write(`$ ${command.join(' ')}\n`);
  const result = await new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    let killTimer;
    const child = spawn(command[0], command.slice(1), { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const signalGroup = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    };
    const entry = {
      patient,
      end() {
        signalGroup('SIGTERM');
        killTimer ??= setTimeout(() => signalGroup('SIGKILL'), KILL_AFTER_MS);
      },
    };
    const timer =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        entry.end();
      }, timeoutMs);
    const keep = (chunk) => {
      output += chunk;
      logStream.write(chunk);
    };
    const finish = (ok) => {
      running.delete(entry);
      clearTimeout(timer);
      clearTimeout(killTimer);
      resolve({ ok, timedOut, output, tail: output.trimEnd().split(/\r?\n/).slice(-TAIL_LINES).join('\n') });
    };
    running.add(entry);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => {
      keep(`${error.message}\n`);
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
  await new Promise((done) => logStream.end(done));
  throwIfInterrupted();
  return result;
}

/** The output of a quick question to a program, or null if it cannot be asked or fails. */
export function ask(command, env, timeoutMs = 20_000) {
  const { status, stdout } = spawnSync(command[0], command.slice(1), {
    env,
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : null;
}

/** The full path of the first of `names` that is an executable file on `env.PATH`, or null. */
export function which(names, env) {
  for (const name of [names].flat()) {
    for (const folder of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

/** Whether `path` is a file that this user may execute. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
