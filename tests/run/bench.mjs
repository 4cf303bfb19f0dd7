#!/usr/bin/env node
// Measures: `npm run bench -- NAME …`. Each prints a table and writes `target/bench/NAME.json`. Tests decide; a bench that has a bar and misses it
// says so by its exit code.
//
//   proto [--quick] [--only instructions,masking,echo]   the protocol core beside tungstenite and fastwebsockets
//   idle [--connections N] [--servers NAME,NAME]   resident memory per idle connection, ours beside npm ws and others
//   serving [--connections N] [--seconds N] [--rounds N]   sessions beside plain channels, natively: memory, processor time, messages a second
//   herd [--check]   a million clients that come back to one server, by our policy and by others'
//   session [--quick] [--rounds N] [--only receive|send|echo] [--browser NAME]   typed messages in a session beside the browser's own class and socket.io
//   browser [--quick] [--rounds N] [--only PART-OF-A-WORKLOAD] [--clients NAME,NAME] [--browser NAME] [--alone]   our clients and others beside the browser's own class
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';
import { CommandError, endChildrenOnSignals } from './process.mjs';

/** Each takes the arguments behind its name and gives what is written as JSON. Imported only when it runs. */
const BENCHES = {
  proto: () => import('../bench/proto.mjs'),
  idle: () => import('../bench/idle.mjs'),
  serving: () => import('../bench/serving.mjs'),
  herd: () => import('../bench/herd.mjs'),
  session: () => import('../bench/session/bench.mjs'),
  browser: () => import('../bench/browser/bench.mjs'),
};

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwn(BENCHES, name ?? '')) {
  console.error(`usage: npm run bench -- NAME …, where NAME is one of: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
endChildrenOnSignals();
try {
  const { bench } = await BENCHES[name]();
  const results = await bench(args);
  const folder = join(root, 'target', 'bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`\nwritten to ${file}`);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exit(2);
}
