import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepFailure } from './failure.mjs';
import { run } from './process.mjs';

// The npm packages of package-lock.json. Asking npm whether they are there takes a second or more, and `npm ci` begins
// by deleting them; npm's own record of what it installed, written last, tells it in a millisecond.

/** The step to take if node_modules is not what package-lock.json says. */
export function findNodeModules(context) {
  const bin = join(context.checkout, 'node_modules/.bin');
  if (matches(context.checkout)) return { bin, steps: [] };
  return { bin, steps: [{ what: 'npm packages of package-lock.json', usual: '10 s', act: () => install(context) }] };
}

function matches(checkout) {
  const wanted = packages(join(checkout, 'package-lock.json'));
  const there = packages(join(checkout, 'node_modules/.package-lock.json'));
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

async function install(context) {
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
  const result = await run(command, { cwd: context.checkout, env: context.env, logFile: context.cache.logFile('npm-ci') });
  if (!result.ok) throw stepFailure('npm packages of package-lock.json', ['npm ci'], result, context, 'npm-ci');
}
