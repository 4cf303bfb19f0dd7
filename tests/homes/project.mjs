// The fresh project of a user: the packed package, installed by npm, and nothing else.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from '../run/build.mjs';

/** Where it is made, anew in every run. */
export const project = join(root, 'target', 'homes');

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(here, 'package.json'));

/** A package that only these tests have. */
export const tool = async (name) => {
  const module = await import(pathToFileURL(require.resolve(name)));
  return module.default ?? module;
};

/** The folder of such a package. */
export const packageOf = (name) => join(here, 'node_modules', name);

export const versionOf = (name) => JSON.parse(readFileSync(join(packageOf(name), 'package.json'), 'utf8')).version;

/** A program of such a package. */
export const program = (name) => join(here, 'node_modules/.bin', name);

/** What was packed. */
export const tarball = () =>
  join(
    project,
    readdirSync(project).find((name) => name.endsWith('.tgz')),
  );

/** Where the heavy ones are, which only some suites need. */
const frameworks = join(root, 'tests/frameworks');
const requireFramework = createRequire(join(frameworks, 'package.json'));

/** A package of `tests/frameworks`, its file, and its version. */
export const framework = async (name) => {
  const module = await import(pathToFileURL(requireFramework.resolve(name)));
  return module.default ?? module;
};
export const frameworkFile = (...path) => join(frameworks, 'node_modules', ...path);
export const frameworkVersion = (name) => JSON.parse(readFileSync(frameworkFile(name, 'package.json'), 'utf8')).version;

/** Packs, and installs what was packed. */
export function install() {
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  // `dist/` has been built by whoever runs this.
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', project], { cwd: root, stdio: 'pipe' });
  write('package.json', JSON.stringify({ private: true, type: 'module' }));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['install', ...flags, tarball()], { cwd: project, stdio: 'pipe' });
  // Schema libraries and test doubles are the user's own.
  const own = [
    ...['valibot', 'zod', 'cbor-x', 'msgpackr', '@bufbuild/protobuf', '@types/node'],
    ...['jsdom', 'happy-dom', 'msw', 'vitest', 'vitest-websocket-mock', 'jest-environment-jsdom', 'ws'],
  ];
  for (const name of own) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(packageOf(name), join(project, 'node_modules', name));
  }
  for (const name of ['exchange.js', 'late.mjs', 'ends.mjs', 'class_ends.mjs', 'reconnect.mjs', 'development.mjs'])
    cpSync(join(here, name), join(project, name));
  for (const name of ['doubles', 'runners']) cpSync(join(here, name), join(project, name), { recursive: true });
  write('exchange.classic.js', readFileSync(join(here, 'exchange.js'), 'utf8').replace('export async', 'async'));
  write('exchange.cjs', `${readFileSync(join(project, 'exchange.classic.js'), 'utf8')}\nmodule.exports = { exchange };\n`);
}

/** Writes a file of the project. */
export function write(name, text) {
  const file = join(project, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
