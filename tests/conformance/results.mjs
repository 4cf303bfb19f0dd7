// The results that are committed, one line a case: `7.1.6 INFORMATIONAL: the reason`. A verdict that is not OK has a reason.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @typedef {{verdict: string, reason: string}} Result */

const path = (name) => fileURLToPath(new URL(`${name}.txt`, import.meta.url));

/** @returns {Map<string, Result>} by case, in the file's order */
export function readResults(name) {
  let text = '';
  try {
    text = readFileSync(path(name), 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, id, verdict, reason] = line.match(/^([\d.]+) ([^:]+)(?:: (.*))?$/) ?? [];
      if (!id) throw new Error(`${path(name)}: not a result: ${line}`);
      return [id, { verdict, reason: reason ?? '' }];
    }),
  );
}

/** The verdict on messages and on closing in one: the two differ only where something is wrong. */
export function verdict({ verdict, close }) {
  return close === 'OK' || close === verdict ? verdict : `${verdict}, closing ${close}`;
}

/**
 * What differs from the committed results, as lines to print; the empty list if nothing does.
 * @param {Map<string, Result>} expected only those cases that were to run
 * @param {{id: string, verdict: string, close: string, why: string, whyClose: string}[]} rows
 */
export function compare(expected, rows) {
  const lines = [];
  for (const row of rows) {
    const wanted = expected.get(row.id);
    const got = verdict(row);
    if (!wanted) lines.push(`${row.id}: ${got}, and no result is committed`);
    else if (got !== wanted.verdict) {
      lines.push(`${row.id}: ${got}, where ${wanted.verdict} is committed (${row.why} ${row.whyClose})`);
    } else if (wanted.verdict !== 'OK' && !wanted.reason) lines.push(`${row.id}: ${wanted.verdict} wants a reason`);
  }
  const ran = new Set(rows.map((row) => row.id));
  for (const id of expected.keys()) if (!ran.has(id)) lines.push(`${id}: it did not run`);
  return lines;
}

/** Writes what was found into the file. Cases that did not run, and reasons of verdicts that still hold, stay. */
export function writeResults(name, heading, rows) {
  const results = readResults(name);
  for (const row of rows) {
    const before = results.get(row.id);
    const got = verdict(row);
    if (got !== before?.verdict) results.set(row.id, { verdict: got, reason: '' });
  }
  const byNumber = ([a], [b]) => a.localeCompare(b, 'en', { numeric: true });
  const lines = [...results].sort(byNumber).map(([id, { verdict, reason }]) => `${id} ${verdict}${reason && `: ${reason}`}`);
  writeFileSync(path(name), `${heading.map((line) => `# ${line}\n`).join('')}${lines.join('\n')}\n`);
}
