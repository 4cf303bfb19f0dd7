// What TypeScript says to `tests/types`, by version and by the way in which it resolves modules.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../run/build.mjs';
import { packageOf, project, versionOf, write } from './project.mjs';

/** The oldest that knows `Uint8Array<ArrayBuffer>`, the last before 6, and those since: names in `package.json` here. */
const OLDEST = 'typescript-5.7';
export const VERSIONS = [OLDEST, 'typescript-5.9', 'typescript-6', 'typescript'];

/** How modules are resolved. TypeScript 7 has `node10` no more, and 6 only on request. */
const RESOLUTIONS = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  node10: { module: 'esnext', moduleResolution: 'node10' },
};
const MODULES = ['channel.ts', 'session.ts', 'codecs.ts', 'options.ts', 'reconnect.ts', 'web_socket.ts', 'classic-module.ts'];
const STRICT = {
  strict: true,
  // Of others; `entries` has it off.
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
};

/** Every check there is, as rows of the table; `often` are those of a usual run. */
export const checks = VERSIONS.flatMap((name) =>
  Object.keys(RESOLUTIONS)
    .filter((resolution) => resolution !== 'node10' || name !== 'typescript')
    .map((resolution) => ({
      name,
      resolution,
      often: name === 'typescript' || (name === OLDEST && resolution === 'nodenext'),
    })),
);

/** Runs a compiler over files of the project, and gives its version. It throws what the compiler says. */
export async function compile(name, config, options, include) {
  const file = write(`types/tsconfig.${config}.json`, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, include }));
  const { stdout } = await promisify(execFile)(process.execPath, [join(packageOf(name), 'bin/tsc'), '-p', file]).catch((error) => error);
  assert.equal(stdout, '');
  return versionOf(name);
}

/** Puts the files where the package is installed. */
export const copyTypes = () => cpSync(join(root, 'tests/types'), join(project, 'types'), { recursive: true });

/** One row: modules, and CommonJS where it is told by a file's name. */
export function check({ name, resolution }) {
  const deprecated = name === 'typescript-6' && resolution === 'node10' ? { ignoreDeprecations: '6.0' } : {};
  const include = resolution.startsWith('node') && resolution !== 'node10' ? [...MODULES, 'required.cts'] : MODULES;
  return compile(name, `${name}.${resolution}`, { ...RESOLUTIONS[resolution], ...deprecated, types: ['node'] }, include);
}

/** The declarations themselves, in a project that has nothing else, no types of Node either. */
export function entries(name) {
  write(
    'types/entries.ts',
    ['', '/slim', '/no-wasm', '/session', '/messagepack', '/global'].map((entry) => `import 'websocket-channel${entry}';\n`).join(''),
  );
  return compile(name, `${name}.entries`, { ...RESOLUTIONS.bundler, skipLibCheck: false, noUncheckedSideEffectImports: true, types: [] }, [
    'entries.ts',
  ]);
}

/** A classic script, which is no module. */
export const classic = () =>
  compile('typescript', 'classic', { ...RESOLUTIONS.bundler, moduleDetection: 'legacy', types: [] }, ['classic.ts']);
