// What a suite runs in: the version of its browser or of its runtimes, which is half of what a result says.

import { spawnSync } from 'node:child_process';

/** By browser: how it is called, the path of set-up, and the question it answers. MiniBrowser wants a display before it says anything: Debian is asked. */
const BROWSERS = {
  chromium: ['Chromium', 'chromium', (path) => [path, '--version']],
  firefox: ['Firefox', 'firefox', (path) => [path, '--version']],
  webkit: ['WebKitGTK', 'miniBrowser', () => ['dpkg-query', '-W', '-f', '${Version}', 'webkit2gtk-driver']],
};
const RUNTIMES = { node22: 'Node', node24: 'Node', deno: 'Deno', bun: 'Bun' };
/** A browser on a cold disk takes some seconds to say who it is. */
const LIMIT_MS = 20_000;

/** What each program has said. */
const known = new Map();

function version(name, path, question = [path, '--version']) {
  if (!known.has(path)) {
    const { stdout } = spawnSync(question[0], question.slice(1), { encoding: 'utf8', timeout: LIMIT_MS });
    known.set(path, `${name} ${stdout?.match(/\d+(\.\d+)+(esr)?/)?.[0] ?? '(it does not tell its version)'}`);
  }
  return known.get(path);
}

/**
 * The versions of what a suite runs in.
 * @param {{browser?: string, needs?: string[]}} suite
 * @param {{paths: Record<string, string>}} tools of set-up
 * @returns {string[]} such as `Chromium 156.0.1`; empty for a suite that is native
 */
export function versionsOf({ browser, needs = [] }, { paths }) {
  const versions = [];
  if (browser) {
    const [name, key, question] = BROWSERS[browser];
    versions.push(version(name, paths[key], question(paths[key])));
  }
  if (needs.includes('runtimes')) for (const [key, name] of Object.entries(RUNTIMES)) versions.push(version(name, paths[key]));
  return versions;
}
