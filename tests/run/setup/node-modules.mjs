import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepFailure } from './failure.mjs';
import { run } from './process.mjs';

// The npm packages of package-lock.json. Asking npm whether they are right takes a second or more; comparing a mark
// that `npm ci` removes (it empties node_modules first) takes none.

/** The step to take if node_modules is not what package-lock.json says. */
export function findNodeModules(context) {
  const bin = join(context.checkout, 'node_modules/.bin');
  const mark = join(context.checkout, 'node_modules/.set-up');
  const wanted = markFor(context.checkout);
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return { bin, steps: [] };
  return { bin, steps: [{ what: 'npm packages of package-lock.json', usual: '10 s', act: () => install(context, mark, wanted) }] };
}

/** Packages with programs differ by system, and may by Node version. */
function markFor(checkout) {
  const lock = createHash('sha256').update(readFileSync(join(checkout, 'package-lock.json'))).digest('hex');
  return `${lock} ${process.platform}-${process.arch} node ${process.versions.node.split('.')[0]}\n`;
}

async function install(context, mark, wanted) {
  // npm's own retries wait a minute before they tell that there is no network.
  const command = ['npm', 'ci', '--no-audit', '--no-fund', '--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const result = await run(command, { cwd: context.checkout, env: context.env, logFile: context.cache.logFile('npm-ci') });
  if (!result.ok) throw stepFailure('npm packages of package-lock.json', ['npm ci'], result, context, 'npm-ci');
  writeFileSync(mark, wanted);
}
