// Builds the npm package into `dist/`: wasm, its glue, and the hand-written classes as one minified script.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { translate } from './no-wasm.mjs';
import { CommandError, capture, endChildrenOnSignals, run } from './process.mjs';
import { setupOrExit } from './setup.mjs';
import { shortenWasm } from './shorten.mjs';
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
const FEATURE_ARGS = WASM_FEATURES.map((name) => `--enable-${name}`);
const OPT_ARGS = [...FEATURE_ARGS, '--strip-producers', '--strip-target-features'];

/**
 * Compiles one library of the workspace for the browser, small first, and makes its JavaScript.
 *
 * @param {{env: Record<string, string>, paths: Record<string, string>}} tools of set-up
 * @param {object} library
 * @param {string} library.name its package
 * @param {string[]} [library.features]
 * @param {string} [library.profile] of Cargo.toml; default: `wasm`, small first
 * @param {string} library.out a folder in `target/`
 * @param {boolean} [library.shorten] takes the hashes out of names, and the words out of panics; default: no
 * @param {boolean} [library.named] leaves the names of functions in, for stacks that people read; default: no
 * @returns {Promise<{glue: string, wasm: string}>} two files
 */
export async function wasm(tools, { name, features = [], profile = 'wasm', out, shorten = false, named = false }) {
  dropStaleWasm(tools, targetFolder(tools));
  const crate = name.replaceAll('-', '_');
  await run('cargo', await cargoArgs(tools, { name, features, profile }), { cwd: root, env: tools.env });

  const compiled = join(targetFolder(tools), 'wasm32-unknown-unknown', profile, `${crate}.wasm`);
  const folder = join(root, 'target', out);
  const files = { glue: join(folder, `${crate}.js`), wasm: join(folder, `${crate}_bg.wasm`) };
  // The two tools below take seconds: skipped when they have seen these very bytes.
  const mark = join(folder, '.made-from');
  const optimise = [profile === 'wasm' ? '-Oz' : '-O', ...OPT_ARGS, named ? '--debuginfo' : '--strip-debug'];
  const from = fingerprint(tools, compiled, [...optimise, shorten && readFileSync(new URL('shorten.mjs', import.meta.url), 'utf8')]);
  if (existsSync(files.glue) && existsSync(files.wasm) && read(mark) === from) return files;
  mkdirSync(folder, { recursive: true });
  rmSync(mark, { force: true });
  await run(tools.paths.wasmBindgen, [compiled, ...BINDGEN_ARGS, '--out-dir', folder], { cwd: root, env: tools.env });
  if (shorten) {
    const missing = await shortenWasm(files, (program, args) => run(program, args, { cwd: root, env: tools.env }), FEATURE_ARGS);
    for (const what of missing) console.warn(`shortening the wasm: there is no ${what} any more`);
    writeFileSync(join(folder, 'missing.json'), JSON.stringify(missing));
  }
  await run('wasm-opt', [files.wasm, ...optimise, '-o', files.wasm], { cwd: root, env: tools.env });
  writeFileSync(mark, from);
  return files;
}

/** What cargo is told, to compile one library of the workspace for the browser. */
export async function cargoArgs(tools, { name, features = [], profile = 'wasm' }) {
  const args = ['rustc', '--quiet', '--locked', '--lib', '--profile', profile, '--target', 'wasm32-unknown-unknown'];
  // `--crate-type cdylib` is given here: in Cargo.toml, beside rlib, it would silently turn LTO off.
  args.push('--package', name, '--crate-type', 'cdylib');
  if (features.length > 0) args.push('--features', features.join(','));
  const { output } = await capture('rustc', ['--print', 'sysroot'], { cwd: root, env: tools.env, quiet: true });
  const { CARGO_HOME = join(homedir(), '.cargo') } = { ...process.env, ...tools.env };
  // A panic's place is a path, and no business of whoever downloads the file: the same bytes wherever they are built, and fewer.
  // Below `src` each registry has a folder of its own.
  const registries = join(CARGO_HOME, 'registry', 'src');
  const crates = existsSync(registries) ? readdirSync(registries).map((name) => join(registries, name)) : [];
  const folders = [...crates, join(output.trim(), 'lib', 'rustlib', 'src', 'rust', 'library'), root];
  const flags = folders.map((folder) => `--remap-path-prefix=${folder}=`);
  return [...args, '--config', `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`];
}

/** In what only the glue's own loader uses, which is left out. */
const DEFINED = { 'import.meta.url': 'undefined' };

/** The global of the classic-script build. */
const GLOBAL = 'WebSocketChannel';

/** Builds everything that is published into `dist/`, and tells the folder. */
export async function build(tools) {
  const files = await wasm(tools, { name: 'websocket-channel', features: ['__npm'], out: 'npm', shorten: true });
  const dist = join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const plain = await withoutWasm(tools);
  const session = await wasm(tools, { name: 'websocket-channel', features: ['__npm-session'], out: 'npm-session', shorten: true });
  const development = await wasm(tools, {
    name: 'websocket-channel',
    features: ['__npm-development'],
    out: 'npm-development',
    named: true,
  });
  // Set-up brings it: there is no such package in a fresh clone when this file is loaded.
  const { build: bundle } = await import('esbuild');
  const glue = await glueAsFunction(bundle, files.glue);
  const plainGlue = await glueAsFunction(bundle, plain.glue);
  const developmentGlue = await glueAsFunction(bundle, development.glue);
  const sessionGlue = await glueAsFunction(bundle, session.glue);
  const core = (name) => join(root, `src/js/${name}.js`);
  const script = (from, to, source, options = {}) =>
    bundle({
      entryPoints: [join(root, 'src/js', from)],
      outfile: join(dist, to),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      legalComments: 'none',
      alias: { core: core('compiled'), glue, 'glue/wasm': files.wasm, 'glue/source': join(root, 'src/js', source) },
      define: { ...DEFINED, DEVELOPMENT: 'false' },
      plugins: [inlineWasm],
      charset: 'utf8',
      // With the sources inside: what stands in `target/` is in no package.
      sourcemap: 'linked',
      logLevel: 'warning',
      ...options,
    });
  const translated = { alias: { core: core('translated'), glue: plainGlue, 'glue/translated': plain.core } };
  const readable = {
    minify: false,
    sourcemap: false,
    define: { ...DEFINED, DEVELOPMENT: 'true' },
    alias: { core: core('compiled'), glue: developmentGlue, 'glue/wasm': development.wasm, 'glue/source': core('inlined') },
  };
  const withSession = { alias: { core: core('compiled'), glue: sessionGlue, 'glue/wasm': session.wasm, 'glue/source': core('inlined') } };
  // It makes both encoders at import.
  const messagepack = { inject: [join(root, 'src/js/text.js')], banner: { js: notice('@msgpack/msgpack') } };
  await Promise.all([
    script('index.js', 'index.js', 'inlined.js'),
    script('index.js', 'index.cjs', 'inlined.js', { format: 'cjs' }),
    script('index.js', 'index.development.js', 'inlined.js', readable),
    script('index.js', 'index.development.cjs', 'inlined.js', { ...readable, format: 'cjs' }),
    // A module is UTF-8; a classic script is what its page is, unless it is ASCII.
    script('index.js', 'websocket-channel.iife.js', 'inlined.js', { format: 'iife', globalName: GLOBAL, charset: 'ascii' }),
    script('slim.js', 'slim.js', 'given.js'),
    script('slim.js', 'slim.cjs', 'given.js', { format: 'cjs' }),
    script('no_wasm.js', 'no-wasm.js', '', translated),
    script('no_wasm.js', 'no-wasm.cjs', '', { ...translated, format: 'cjs' }),
    script('session.js', 'session.js', 'inlined.js', withSession),
    script('session.js', 'session.cjs', 'inlined.js', { ...withSession, format: 'cjs' }),
    script('messagepack.js', 'messagepack.js', 'given.js', messagepack),
    script('messagepack.js', 'messagepack.cjs', 'given.js', { ...messagepack, format: 'cjs' }),
  ]);
  copyFileSync(files.wasm, join(dist, 'websocket-channel.wasm'));
  const commonJs = (text) => text.replaceAll("'./index.js'", "'./index.cjs'");
  for (const [from, to] of Object.entries({
    index: 'index',
    slim: 'slim',
    no_wasm: 'no-wasm',
    session: 'session',
    messagepack: 'messagepack',
  })) {
    const types = read(join(root, `src/js/${from}.d.ts`));
    writeFileSync(join(dist, `${to}.d.ts`), types);
    writeFileSync(join(dist, `${to}.d.cts`), commonJs(types));
  }
  copyFileSync(join(root, 'src/js/global.d.ts'), join(dist, 'global.d.ts'));
  return dist;
}

/** The same core as JavaScript. The tools take seconds: they are skipped when they have seen these very bytes. */
async function withoutWasm(tools) {
  const compiled = join(targetFolder(tools), 'wasm32-unknown-unknown', 'wasm', 'websocket_channel.wasm');
  const folder = join(root, 'target', 'npm-no-wasm');
  const mark = join(folder, '.made-from');
  const from = fingerprint(tools, compiled, read(fileURLToPath(new URL('no-wasm.mjs', import.meta.url))));
  if (read(mark) === from) return { glue: join(folder, 'core.js'), core: join(folder, 'translated.js') };
  const shorten = (_tools, made) => shortenWasm(made, (program, args) => run(program, args, { cwd: root, env: tools.env }), FEATURE_ARGS);
  const files = await translate(tools, { cwd: root, compiled, folder, bindgenArgs: BINDGEN_ARGS, shorten });
  writeFileSync(mark, from);
  return files;
}

/** The licence of a package that travels inside ours, as it asks for. */
function notice(name) {
  const folder = join(root, 'node_modules', name);
  return `/*! ${name} ${JSON.parse(read(join(folder, 'package.json'))).version}\n${read(join(folder, 'LICENSE')).trim()}\n*/`;
}

/** The printable ASCII that a script's string holds without escapes, in the order in which `inlined.js` counts. */
const PLAIN = Array.from({ length: 0x7f - 0x23 }, (_, i) => i + 0x23).filter((code) => code !== 0x5c);

/**
 * The bytes as a string that survives whatever a bundler, an editor or a page does to a script: no control characters, nothing to escape. The most
 * frequent bytes are ASCII, and the others follow from 256 on; which are which comes first, as 64 hexadecimal digits. After gzip it is 9 KB smaller
 * than base64, whose six bits a letter hide repetitions. `inlined.js` turns it back.
 */
const inlineWasm = {
  name: 'inline wasm',
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, ({ path }) => {
      const bytes = readFileSync(path);
      const counts = new Array(256).fill(0);
      for (const byte of bytes) counts[byte] += 1;
      const frequent = new Set([...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, PLAIN.length));
      let [plain, moved, digits] = [0, 256, ''];
      const codes = counts.map((_, byte) => (frequent.has(byte) ? PLAIN[plain++] : moved++));
      for (let byte = 0; byte < 256; byte += 4) {
        digits += [0, 1, 2, 3].reduce((digit, bit) => digit | (frequent.has(byte + bit) << bit), 0).toString(16);
      }
      return { contents: digits + Array.from(bytes, (byte) => String.fromCharCode(codes[byte])).join(''), loader: 'text' };
    });
  },
};

/** What wasm-bindgen writes for places that have no wasm of ours, or for programs that do what ours does not. */
const SPARE = [
  /^if \(Symbol\.dispose\) .*$/gm,
  /\(typeof FinalizationRegistry === 'undefined'\)\s*\? .*\s*: /g,
  // Its own loaders.
  /^export \{ initSync, .*$/gm,
];

/**
 * Makes of the glue, which keeps its one instance in variables of a module, a function that returns a glue: an instance that trapped is
 * replaced. It is given `TextDecoder` and `TextEncoder`, which not every place has, and `start` what makes the exports of an instance from its
 * imports. `held` gives every JavaScript value that Rust holds.
 */
async function glueAsFunction(bundle, glue) {
  const lean = SPARE.reduce((text, spare) => {
    if (text.search(spare) < 0) throw new Error(`the glue has no ${spare}`);
    return text.replace(spare, '');
  }, read(glue));
  // JavaScript values are in a table of wasm's, or in an array.
  const [begin, values] = lean.includes('\nlet heap = ')
    ? ['', 'heap']
    : [
        ' wasm.__wbindgen_start();',
        'Array.from({ length: wasm.__wbindgen_externrefs.length }, (_, i) => wasm.__wbindgen_externrefs.get(i))',
      ];
  const start = `export function start(instantiate) { wasm = instantiate(__wbg_get_imports());${begin} }\nexport const held = () => ${values};`;
  const { outputFiles } = await bundle({
    stdin: { contents: `${lean}\n${start}`, resolveDir: root },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  const parts = outputFiles[0].text.match(/^(.*)\nexport \{([^}]*)\};\s*$/s);
  if (!parts) throw new Error('the glue does not end with its exports');
  const file = join(dirname(glue), 'glue.js');
  writeFileSync(file, `export default function (TextDecoder, TextEncoder) {\n${parts[1]}\nreturn {${parts[2]}};\n}\n`);
  return file;
}

/** Everything that the output of wasm-bindgen and wasm-opt depends on. */
function fingerprint(tools, compiled, how) {
  const hash = createHash('sha256').update(readFileSync(compiled)).digest('hex');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // wasm-bindgen's path has its version in it.
  return JSON.stringify([hash, tools.paths.wasmBindgen, BINDGEN_ARGS, devDependencies.binaryen, how]);
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
