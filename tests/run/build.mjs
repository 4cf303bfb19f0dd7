// Builds the npm package into `dist/`: wasm, its glue, and the hand-written classes as one minified script.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, endChildrenOnSignals, run } from './process.mjs';
import { setupOrExit } from './setup.mjs';
import { dropStaleWasm } from './stale.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What rustc itself turns on for wasm32-unknown-unknown, so every browser that runs its output runs ours. Not `--all-features`: wasm-opt
 * would be free to answer with types and instructions that only the newest browser reads.
 */
const WASM_FEATURES = [
  'bulk-memory',
  'bulk-memory-opt',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];
const BINDGEN_ARGS = ['--target', 'web', '--no-typescript'];
const OPT_ARGS = ['-Oz', ...WASM_FEATURES.map((name) => `--enable-${name}`), '--strip-debug', '--strip-producers'];

/**
 * Compiles one library of the workspace for the browser, small first, and makes its JavaScript.
 *
 * @param {{env: Record<string, string>, paths: Record<string, string>}} tools of set-up
 * @param {object} library
 * @param {string} library.name its package
 * @param {string[]} [library.features]
 * @param {string} library.out a folder in `target/`
 * @returns {Promise<{glue: string, wasm: string}>} two files
 */
export async function wasm(tools, { name, features = [], out }) {
  dropStaleWasm(tools, targetFolder(tools));
  const crate = name.replaceAll('-', '_');
  const args = ['rustc', '--quiet', '--locked', '--lib', '--profile', 'wasm', '--target', 'wasm32-unknown-unknown'];
  // `--crate-type cdylib` is given here: in Cargo.toml, beside rlib, it would silently turn LTO off.
  args.push('--package', name, '--crate-type', 'cdylib');
  if (features.length > 0) args.push('--features', features.join(','));
  await run('cargo', args, { cwd: root, env: tools.env });

  const compiled = join(targetFolder(tools), 'wasm32-unknown-unknown', 'wasm', `${crate}.wasm`);
  const folder = join(root, 'target', out);
  const files = { glue: join(folder, `${crate}.js`), wasm: join(folder, `${crate}_bg.wasm`) };
  // The two tools below take seconds: skipped when they have seen these very bytes.
  const mark = join(folder, '.made-from');
  const from = fingerprint(tools, compiled);
  if (existsSync(files.glue) && existsSync(files.wasm) && read(mark) === from) return files;
  mkdirSync(folder, { recursive: true });
  rmSync(mark, { force: true });
  await run(tools.paths.wasmBindgen, [compiled, ...BINDGEN_ARGS, '--out-dir', folder], { cwd: root, env: tools.env });
  await run('wasm-opt', [files.wasm, ...OPT_ARGS, '-o', files.wasm], { cwd: root, env: tools.env });
  writeFileSync(mark, from);
  return files;
}

/** Builds `dist/index.js` and `dist/index.d.ts`, and tells the folder. */
export async function build(tools) {
  const files = await wasm(tools, { name: 'websocket-channel', features: ['js'], out: 'npm' });
  const dist = join(root, 'dist');
  mkdirSync(dist, { recursive: true });
  // Set-up brings it: there is no such package in a fresh clone when this file is loaded.
  const { build: bundle } = await import('esbuild');
  const glue = await glueAsFunction(bundle, files.glue);
  await bundle({
    entryPoints: [join(root, 'src/js/index.js')],
    outfile: join(dist, 'index.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    alias: { glue, 'glue/wasm': files.wasm },
    loader: { '.wasm': 'base64' },
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'src/js/index.d.ts'), join(dist, 'index.d.ts'));
  return dist;
}

/**
 * Makes of the glue, which keeps its one instance in variables of a module, a function that returns a glue: an instance that trapped is
 * replaced. What it finds under the names `WebAssembly` and `WebSocket` is given to it.
 */
async function glueAsFunction(bundle, glue) {
  const names = 'ChannelHandle, SocketHandle, initSync';
  const { outputFiles } = await bundle({
    stdin: { contents: `export { ${names} } from ${JSON.stringify(glue)};`, resolveDir: root },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  const parts = outputFiles[0].text.match(/^(.*)\nexport \{([^}]*)\};\s*$/s);
  if (!parts) throw new Error('the glue does not end with its exports');
  const file = join(dirname(glue), 'glue.js');
  writeFileSync(file, `export default function (WebAssembly, WebSocket) {\n${parts[1]}\nreturn {${parts[2]}};\n}\n`);
  return file;
}

/** Everything that the output of wasm-bindgen and wasm-opt depends on. */
function fingerprint(tools, compiled) {
  const hash = createHash('sha256').update(readFileSync(compiled)).digest('hex');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // wasm-bindgen's path has its version in it.
  return JSON.stringify([hash, tools.paths.wasmBindgen, BINDGEN_ARGS, devDependencies.binaryen, OPT_ARGS]);
}

/** Where cargo puts what it makes: users move it by CARGO_TARGET_DIR. */
export function targetFolder(tools) {
  return { ...process.env, ...tools.env }.CARGO_TARGET_DIR ?? join(root, 'target');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const tools = await setupOrExit();
  endChildrenOnSignals();
  try {
    await build(tools);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
