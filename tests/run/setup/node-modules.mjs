import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepFailure } from './failure.mjs';
import { run } from './process.mjs';

// The npm packages of a package-lock.json. Asking npm whether they are there takes a second or more, and `npm ci` begins
// by deleting them; npm's own record of what it installed, written last, tells it in a millisecond.

/**
 * The step to take if a folder's node_modules is not what its package-lock.json says.
 * @param {string} [name] the folder, from the checkout; default: the checkout itself
 */
export function findNodeModules(context, name = '') {
  const folder = join(context.checkout, name);
  const bin = join(folder, 'node_modules/.bin');
  if (matches(folder)) return { bin, steps: [] };
  const what = `npm packages of ${join(name, 'package-lock.json')}`;
  return { bin, steps: [{ what, usual: '10 s', act: () => install(what, folder, context) }] };
}

function matches(folder) {
  const wanted = packages(join(folder, 'package-lock.json'));
  const there = packages(join(folder, 'node_modules/.package-lock.json'));
  if (!wanted || !there) return false;
  // Optional ones are those of other systems.
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || (there[path] ? there[path].version === version : optional),
  );
}

function packages(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return null;
  }
}

async function install(what, folder, context) {
  // npm's own retries wait a minute before they tell that there is no network.
  const command = [
    'npm',
    'ci',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=2',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  const result = await run(command, { cwd: folder, env: context.env, logFile: context.cache.logFile('npm-ci') });
  if (!result.ok) throw stepFailure(what, ['npm ci'], result, context, 'npm-ci');
}
