// A test of each home, and the table of them.
import { test } from 'node:test';

/** A hang ends here; the slowest takes some ten seconds on two cores. */
const TIMEOUT_MS = 120_000;
const rows = [];

/** A test that is a row of the table. What `run` returns is shown as the version. */
export function home(name, what, run, timeout = TIMEOUT_MS) {
  test(`${name}: ${what}`, { timeout }, async () => {
    const began = Date.now();
    const row = { name, what, passed: 'FAILED', version: '' };
    rows.push(row);
    row.version = (await run()) ?? '';
    row.passed = `passed (${((Date.now() - began) / 1000).toFixed(1)} s)`;
  });
}

export function printTable() {
  const widths = ['name', 'what'].map((key) => Math.max(...rows.map((row) => row[key].length)));
  console.log('\nThe packed package, installed and run:');
  for (const { name, what, passed, version } of rows) {
    console.log(`  ${name.padEnd(widths[0])}  ${what.padEnd(widths[1])}  ${passed}${version && ` ${version}`}`);
  }
}
