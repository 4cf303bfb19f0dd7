// Servers and programs of other people, started for one test and ended with it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { root } from '../run/build.mjs';
import { freePort } from '../run/drivers.mjs';
import { capture, end, start } from '../run/process.mjs';

/** What set-up found, as the runner of the suites hands it over. */
export const tools = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS ?? '{}');

/** A peer that says nothing for so long never will. Above the limit of every check. */
const LIMIT_MS = 60_000;

const peer = (file) => fileURLToPath(new URL(`peers/${file}`, import.meta.url));
/** The program of this folder's crate; the suite builds it. */
export const NATIVE = join(root, 'target/debug/websocket-channel-interop');

/** How to start each peer: a program and its first arguments. */
export const PEERS = {
  ws: [process.execPath, peer('ws.mjs')],
  websockets: [tools.python, peer('websockets_peer.py')],
  'tokio-tungstenite': [NATIVE, 'tungstenite'],
  'websocket-driver 0.7': [process.execPath, peer('websocket-driver.mjs'), 'websocket-driver'],
  'websocket-driver 0.8': [process.execPath, peer('websocket-driver.mjs'), 'websocket-driver-0.8'],
  'Protocol::WebSocket': ['perl', '-I', tools.perl, peer('protocol-websocket.pl')],
};

/**
 * Starts a peer as a server; its first line is its origin.
 * @returns {Promise<{origin: string, line(): Promise<string>, stop(): Promise<void>}>} `line`: the next line that it prints
 */
export async function startPeer(name, ...args) {
  const [program, ...first] = PEERS[name];
  const child = start(program, [...first, 'server', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const line = async () => {
    const late = new Promise((resolve) => setTimeout(resolve, LIMIT_MS, null).unref());
    const next = await Promise.race([once(lines, 'line'), child.ended.then(() => null), late]);
    assert.ok(next, `the server ${name} ended, or says nothing`);
    return next[0];
  };
  return { origin: await line(), line, stop: () => end(child) };
}

/**
 * Starts a server that tells nobody its port, with a configuration made for it, and waits until it listens.
 * @param {(folder: string, ports: number[]) => string} configuration
 * @param {(file: string, folder: string) => [string, string[]]} command
 * @returns {Promise<{ports: number[], folder: string, stop(): Promise<void>}>}
 */
export async function startServer(count, configuration, command) {
  const folder = mkdtempSync(join(tmpdir(), 'websocket-channel-'));
  const ports = [];
  while (ports.length < count) ports.push(await freePort());
  const file = join(folder, 'configuration');
  writeFileSync(file, configuration(folder, ports));
  const child = start(...command(file, folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  let ended = false;
  child.ended.then(() => (ended = true));
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + LIMIT_MS;
  for (const port of ports) {
    while (!(await listens(port))) {
      if (ended || Date.now() > until) {
        await stop();
        assert.fail(`${command(file, folder)[0]} does not listen\n${output}`);
      }
      await delay(20);
    }
  }
  return { ports, folder, stop };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Runs a program to its end; it has to end well. Gives what it printed. */
export async function succeeds(program, args) {
  const { ok, output } = await capture(program, args, { quiet: true });
  assert.ok(ok, `${program} ${args.join(' ')}\n${output}`);
  return output;
}

/** Runs a client to its end and gives what it found, by check. */
export async function checks(program, args) {
  const { output } = await capture(program, args, { quiet: true });
  const rows = output.split('\n').filter((line) => line.startsWith('{'));
  const found = new Map(rows.map((row) => JSON.parse(row)).map(({ check, wrong }) => [check, wrong]));
  assert.ok(found.size > 0, `${program} ${args.join(' ')}\n${output}`);
  return found;
}

/** Every check that our client makes passes. */
export async function passes(args) {
  const wrong = [...(await checks(NATIVE, ['client', ...args]))].filter(([, reason]) => reason);
  assert.deepEqual(wrong, []);
}
