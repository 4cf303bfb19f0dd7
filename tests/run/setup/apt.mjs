import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stepFailure } from './failure.mjs';
import { ask, run } from './process.mjs';

// Debian's packages. Looking things up works for every user; installing needs root.

/** A cause that `apt-get update` may cure: the lists are empty, or older than what the archive has now. */
const STALE_LISTS =
  /Unable to locate package|has no installation candidate|404 +Not Found|Unable to fetch some archives|Hash Sum mismatch|File has unexpected size/i;
/** Left by a dpkg that was killed; nothing can be installed before it is put right. */
const DPKG_INTERRUPTED = /dpkg --configure -a/;

/** The version that `apt-get install NAME` would install, or null if the lists do not know the package. */
export function candidate(name, context) {
  const version = ask(['apt-cache', 'policy', name], { ...context.env, LC_ALL: 'C' })?.match(/^ {2}Candidate: (\S+)$/m)?.[1];
  return version && version !== '(none)' ? version : null;
}

/** The packages that `name` depends on. */
export function dependencies(name, context) {
  const text = ask(['apt-cache', 'depends', name], { ...context.env, LC_ALL: 'C' }) ?? '';
  return [...text.matchAll(/^ {2}Depends: ([a-z0-9][a-z0-9.+-]*)$/gm)].map((match) => match[1]);
}

/** Whether a package is installed, and not only unpacked or known. */
export function isInstalled(name, context) {
  return ask(['dpkg-query', '-W', '-f', '${db:Status-Status}', name], context.env) === 'installed';
}

/** Brings the package lists up to date, so that `name` can be installed. */
export async function update(name, context) {
  const { result, command } = await apt(['update'], context);
  // Judged by what it is for: it ends well though it reached nothing, and badly because of a list that is not needed.
  if (!candidate(name, context)) throw stepFailure(`Debian package ${name}: not in the package lists`, [command], result, context, 'apt');
}

/** Older lists name older versions: browsers change every few weeks, and differ in what the tests look at. */
const OLD_LISTS_MS = 24 * 60 * 60 * 1000;
/** The folders of lists that this process has refreshed, or tried to. */
const refreshed = new Set();

/** The next run looks at the age of the lists again. */
export const forgetRefreshed = () => refreshed.clear();

/** When the package lists were last brought up to date, in milliseconds; 0 if never. */
function listsFrom(folder) {
  // The lists themselves have the time of the archive's files. Every update, also one that finds nothing new, writes into the folder `partial`.
  const times = [folder, join(folder, 'partial')].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(...times);
}

/** Refreshes lists that are older than a day, as root. Without network, what they have is taken. */
async function refresh(packages, context) {
  if (!context.system.root) return;
  const told = ask(['apt-config', 'shell', 'LISTS', 'Dir::State::lists/d'], context.env);
  const folder = told?.match(/^LISTS='(.*)'$/m)?.[1] ?? '/var/lib/apt/lists';
  if (refreshed.has(folder) || Date.now() - listsFrom(folder) < OLD_LISTS_MS) return;
  refreshed.add(folder);
  await update(packages[0], context);
}

/** Installs packages, as root. An interrupt during the download ends it; during the installation, it waits. */
export async function install(packages, context) {
  await refresh(packages, context);
  for (const name of packages) if (!candidate(name, context)) await update(name, context);
  const args = ['install', '-y', '--no-install-recommends'];
  await fetch([...args, '--download-only', ...packages], packages, context);
  const { result, command } = await apt([...args, ...packages], context, { patient: true });
  if (!result.ok) throw stepFailure(`Debian packages ${packages.join(' ')}`, [command], result, context, 'apt');
}

/** Downloads packages as files into a folder, without installing them. Needs no root. */
export async function download(packages, folder, context) {
  await refresh(packages, context);
  await fetch(['download', ...packages], packages, context, { cwd: folder });
}

async function fetch(args, packages, context, options = {}) {
  let { result, command } = await apt(args, context, options);
  if (!result.ok && context.system.root && STALE_LISTS.test(result.output)) {
    await update(packages[0], context);
    ({ result, command } = await apt(args, context, options));
  }
  if (!result.ok) throw stepFailure(`Debian packages ${packages.join(' ')}`, [command], result, context, 'apt');
}

async function apt(args, context, { cwd, patient = false } = {}) {
  const command = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Sandbox::User=root', ...args];
  const options = {
    cwd,
    env: { ...context.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    logFile: context.cache.logFile('apt'),
    patient,
  };
  let result = await run(command, options);
  if (!result.ok && context.system.root && DPKG_INTERRUPTED.test(result.output)) {
    await run(['dpkg', '--configure', '-a'], { ...options, patient: true });
    result = await run(command, options);
  }
  return { result, command: `apt-get ${args.join(' ')}` };
}
