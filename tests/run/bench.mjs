#!/usr/bin/env node
// `npm run bench -- NAME`: measures, prints, and writes `target/bench/NAME.json`. Tests decide; a bench that misses its bar says so by its exit code.
import { parseArgs } from 'node:util';
import { CommandError, endChildrenOnSignals } from './process.mjs';

const BENCHES = {
  browser: async () => (await import('../bench/browser/bench.mjs')).bench,
};

const usage = `usage: npm run bench -- ${Object.keys(BENCHES).join(' | ')} [--quick] [--rounds N] [--only PART-OF-A-WORKLOAD] [--clients NAME,NAME]`;

function read() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string' },
        clients: { type: 'string' },
      },
    });
    if (positionals.length !== 1 || !BENCHES[positionals[0]]) throw new Error('name one bench');
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(rounds > 0)) throw new Error('rounds is a number above 0');
    return [positionals[0], { ...values, rounds }];
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    return process.exit(2);
  }
}

const [name, options] = read();
endChildrenOnSignals();
try {
  const bench = await BENCHES[name]();
  process.exitCode = (await bench(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
