// Children of the runner: none outlives it.
import { spawn } from 'node:child_process';

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

/** Starts a program; it is ended when this process is. `env` is added to this process's. */
export function start(program, args, { env, ...options } = {}) {
  const child = spawn(program, args, { ...options, env: { ...process.env, ...env } });
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
}

/** Runs a program to its end with its output shown. Throws when it fails. */
export async function run(program, args, options = {}) {
  const { ok } = await finish(start(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options }));
  if (!ok) throw new Error(`failed: ${program} ${args.join(' ')}`);
}

/** Runs a program to its end with its output shown and kept. */
export async function capture(program, args, options = {}) {
  const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
    from.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      to.write(chunk);
    });
  }
  return { ...(await finish(child)), output };
}

/** SIGINT, SIGTERM and SIGHUP end the children first. */
export function endChildrenOnSignals() {
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
    process.on(signal, () => {
      endChildren();
      process.exit(128 + number);
    });
  }
  process.on('exit', endChildren);
}

function endChildren() {
  for (const child of children) child.kill('SIGTERM');
}

function finish(child) {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve({ ok: false });
    });
    child.on('close', (code) => resolve({ ok: code === 0 }));
  });
}
