// Builds the npm package into `dist/`: wasm, its glue, and the hand-written classes as one minified script.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { translate } from './no-wasm.mjs';
import { CommandError, capture, endChildrenOnSignals, run } from './process.mjs';
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
const FEATURE_ARGS = WASM_FEATURES.map((name) => `--enable-${name}`);
const OPT_ARGS = [...FEATURE_ARGS, '--strip-debug', '--strip-producers', '--strip-target-features'];

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
 * @returns {Promise<{glue: string, wasm: string}>} two files
 */
export async function wasm(tools, { name, features = [], profile = 'wasm', out, shorten = false }) {
  dropStaleWasm(tools, targetFolder(tools));
  const crate = name.replaceAll('-', '_');
  await run('cargo', await cargoArgs(tools, { name, features, profile }), { cwd: root, env: tools.env });

  const compiled = join(targetFolder(tools), 'wasm32-unknown-unknown', profile, `${crate}.wasm`);
  const folder = join(root, 'target', out);
  const files = { glue: join(folder, `${crate}.js`), wasm: join(folder, `${crate}_bg.wasm`) };
  // The two tools below take seconds: skipped when they have seen these very bytes.
  const mark = join(folder, '.made-from');
  const optimise = [profile === 'wasm' ? '-Oz' : '-O', ...OPT_ARGS];
  const from = fingerprint(tools, compiled, [
    ...optimise,
    shorten && `${PANICS}${FORMATS}${KNOWN}${shortenWasm}${trapIn}${shortenNames}${withoutPlaces}${WORDS}`,
  ]);
  if (existsSync(files.glue) && existsSync(files.wasm) && read(mark) === from) return files;
  mkdirSync(folder, { recursive: true });
  rmSync(mark, { force: true });
  await run(tools.paths.wasmBindgen, [compiled, ...BINDGEN_ARGS, '--out-dir', folder], { cwd: root, env: tools.env });
  if (shorten) await shortenWasm(tools, files);
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
  const folders = [join(CARGO_HOME, 'registry', 'src'), join(output.trim(), 'lib', 'rustlib', 'src', 'rust', 'library'), root];
  const flags = folders.map((folder) => `--remap-path-prefix=${folder}=`);
  return [...args, '--config', `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`];
}

/** The global of the classic-script build. */
const GLOBAL = 'WebSocketChannel';

/** Builds everything that is published into `dist/`, and tells the folder. */
export async function build(tools) {
  const files = await wasm(tools, { name: 'websocket-channel', features: ['js'], out: 'npm', shorten: true });
  const dist = join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const plain = await withoutWasm(tools);
  // Set-up brings it: there is no such package in a fresh clone when this file is loaded.
  const { build: bundle } = await import('esbuild');
  const glue = await glueAsFunction(bundle, files.glue);
  const plainGlue = await glueAsFunction(bundle, plain.glue);
  const script = (from, to, source, options = {}) =>
    bundle({
      entryPoints: [join(root, 'src/js', from)],
      outfile: join(dist, to),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      legalComments: 'none',
      alias: { core: join(root, 'src/js/compiled.js'), glue, 'glue/wasm': files.wasm, 'glue/source': join(root, 'src/js', source) },
      // In what only the glue's own loader uses, which is left out.
      define: { 'import.meta.url': 'undefined' },
      plugins: [inlineWasm],
      charset: 'utf8',
      logLevel: 'warning',
      ...options,
    });
  const translated = { alias: { core: join(root, 'src/js/translated.js'), glue: plainGlue, 'glue/translated': plain.core } };
  await Promise.all([
    script('index.js', 'index.js', 'inlined.js'),
    script('index.js', 'index.cjs', 'inlined.js', { format: 'cjs' }),
    // A module is UTF-8; a classic script is what its page is, unless it is ASCII.
    script('index.js', 'websocket-channel.iife.js', 'inlined.js', { format: 'iife', globalName: GLOBAL, charset: 'ascii' }),
    script('slim.js', 'slim.js', 'given.js'),
    script('no_wasm.js', 'no-wasm.js', '', translated),
    script('no_wasm.js', 'no-wasm.cjs', '', { ...translated, format: 'cjs' }),
    script('messagepack.js', 'messagepack.js', 'given.js', {
      // It makes both at import.
      inject: [join(root, 'src/js/text.js')],
      banner: { js: notice('@msgpack/msgpack') },
    }),
  ]);
  // As it is: its imports are those of the published folder.
  copyFileSync(join(root, 'src/js/workerd.js'), join(dist, 'workerd.js'));
  copyFileSync(files.wasm, join(dist, 'websocket-channel.wasm'));
  for (const name of ['slim', 'messagepack']) copyFileSync(join(root, `src/js/${name}.d.ts`), join(dist, `${name}.d.ts`));
  const commonJs = (text) => text.replaceAll("'./index.js'", "'./index.cjs'");
  for (const [from, to] of Object.entries({ index: 'index', no_wasm: 'no-wasm' })) {
    const types = read(join(root, `src/js/${from}.d.ts`));
    writeFileSync(join(dist, `${to}.d.ts`), types);
    writeFileSync(join(dist, `${to}.d.cts`), commonJs(types));
  }
  return dist;
}

/** The same core as JavaScript. The tools take seconds: they are skipped when they have seen these very bytes. */
async function withoutWasm(tools) {
  const compiled = join(targetFolder(tools), 'wasm32-unknown-unknown', 'wasm', 'websocket_channel.wasm');
  const folder = join(root, 'target', 'npm-no-wasm');
  const mark = join(folder, '.made-from');
  const from = fingerprint(tools, compiled, read(fileURLToPath(new URL('no-wasm.mjs', import.meta.url))));
  if (read(mark) === from) return { glue: join(folder, 'core.js'), core: join(folder, 'translated.js') };
  const files = await translate(tools, { cwd: root, compiled, folder, bindgenArgs: BINDGEN_ARGS, shorten: shortenWasm });
  writeFileSync(mark, from);
  return files;
}

/** The licence of a package that travels inside ours, as it asks for. */
function notice(name) {
  const folder = join(root, 'node_modules', name);
  return `/*! ${name} ${JSON.parse(read(join(folder, 'package.json'))).version}\n${read(join(folder, 'LICENSE')).trim()}\n*/`;
}

/**
 * What a panic does before it traps: it words a message that nobody is told, for std has no stderr in a page. Each of these traps at once instead,
 * and wasm-opt drops what only they called. Whoever calls such a function does not go on after it, so nothing else changes.
 */
const PANICS = new RegExp(
  [
    /^"?core(\[\w+\])?::panicking::\w+(::<.*>)?"?$/,
    /^"?core(\[\w+\])?::(option|result|str|slice::index|cell)::\w*(_failed?|panic_already\w*borrowed)(::<.*>)?"?$/,
    /^"?core(\[\w+\])?::(panicking::panic_const::\w+|cell::lazy::panic_poisoned)"?$/,
    /^"?alloc(\[\w+\])?::(raw_vec::(handle_error|capacity_overflow)|alloc::handle_alloc_error)"?$/,
    /^"?(std|__rustc)(\[\w+\])?::(alloc::rust_oom|rust_begin_unwind|rust_panic)"?$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** What makes words of values. When panics have none, tables of theirs still point here, and keep it. One of two of a name has a number. */
const FORMATS = /^"?(<?|<.* as )core(\[\w+\])?::fmt::[^<>]*(>::[\w:{}#]+)?(\[\d+\])?"?$/;

/** For npm: panics without words, and names without hashes. */
async function shortenWasm(tools, { glue, wasm }) {
  const text = `${wasm}.wat`;
  const options = { cwd: root, env: tools.env };
  await run('wasm-dis', [wasm, ...FEATURE_ARGS, '-o', text], options);
  const names = new Map();
  const shortened = shortenNames(readFileSync(text, 'utf8'), names).replaceAll(/^ \(import "[^"]*"/gm, ' (import "rust"');
  const silent = trapIn(shortened, (name) => PANICS.test(name));
  const formats = (name) => FORMATS.test(name);
  // Only what has no caller but its like: a program that formats anything itself keeps it all.
  const others = trapIn(silent, formats);
  const called = [...others.matchAll(/\(call \$("[^"]*"|[^\s)]*)/g)].some(([, name]) => formats(name));
  writeFileSync(text, called ? silent : withoutPlaces(others));
  await run('wasm-as', [text, ...FEATURE_ARGS, '-o', wasm], options);
  rmSync(text);
  const script = readFileSync(glue, 'utf8').replace(/\b\w+(?=: function)|(?<=\bwasm\.)\w+/g, (name) => names.get(name) ?? name);
  writeFileSync(glue, script.replace(/"\.\/\w+_bg\.js"(?=: import0)/, 'rust'));
}

/** Puts a trap in place of the body of every function with such a name. */
function trapIn(text, named) {
  // A function is printed from one space before its bracket to one space before the closing one.
  return text.replace(/^( \(func \$("[^"]*"|\S*).*\n)[^]*?\n \)$/gm, (whole, head, name) =>
    named(name) ? `${head}  (unreachable)\n )` : whole,
  );
}

/** What core and alloc have to say in a panic, and the digits with which they would say it. */
const WORDS = new RegExp(
  [
    /assertion `left [^]{2} right` failed\n {2}left: [^]{3} right: /,
    /`Ready` polled after completion|`async fn` resumed after completion|finish: (callbacks|result) should be (Some|None)/,
    /RefCell already (mutably )?borrowed|LazyCell instance has previously been poisoned|internal error: entered unreachable code/,
    /mid > len|capacity overflow|attempt to join into collection with len > usize::MAX|Tried to shrink to a larger capacity/,
    /0x0123456789ABCDEF|0123456789abcdef|0001020304\d+9596979899/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/**
 * Zeros in the place of what only the wording of a panic reads, when nothing words one: the source files and lines of panics, and core's own phrases.
 * The data of a program is one piece to wasm-opt, so it cannot see that nobody points there.
 */
function withoutPlaces(text) {
  const segment = /^( \(data \S+ \(i32\.const (\d+)\) )"(.*)"\)$/gm;
  const segments = [...text.matchAll(segment)].map(([, , address, escaped]) => ({ address: Number(address), bytes: bytesOf(escaped) }));
  const start = Math.min(...segments.map(({ address }) => address));
  const memory = Buffer.alloc(Math.max(...segments.map(({ address, bytes }) => address + bytes.length)) - start);
  for (const { address, bytes } of segments) bytes.copy(memory, address - start);
  const dead = [...memory.toString('latin1').matchAll(WORDS)].map(({ 0: { length }, index }) => [index, length]);
  // A `core::panic::Location` is the address and the length of a path, a line and a column.
  for (let at = 0; at + 16 <= memory.length; at += 4) {
    const [path, length] = [memory.readUInt32LE(at) - start, memory.readUInt32LE(at + 4)];
    if (path >= 0 && path + length <= memory.length && memory.toString('latin1', path, path + length).endsWith('.rs')) {
      dead.push([at, 16], [path, length]);
    }
  }
  for (const [at, length] of dead) memory.fill(0, at, at + length);
  return text.replace(segment, (_, head, address) => {
    const { bytes } = segments.find((each) => each.address === Number(address));
    const left = memory.subarray(address - start, address - start + bytes.length);
    return `${head}"${left.toString('hex').replace(/../g, '\\$&')}")`;
  });
}

/** The bytes of a string of the text format. */
function bytesOf(escaped) {
  const named = { t: '\t', n: '\n', r: '\r' };
  const plain = (_, hex, letter) => (hex ? String.fromCharCode(parseInt(hex, 16)) : (named[letter] ?? letter));
  return Buffer.from(escaped.replace(/\\(?:([0-9a-f]{2})|(.))/g, plain), 'latin1');
}

/** Exports that `glueAsFunction`, `instance.js` and tests look for. */
const KNOWN = ['__wbindgen_start', '__wbindgen_externrefs', 'memory'];

/**
 * wasm-bindgen names an import after what it calls and a hash, and an export after its class: nobody but the glue reads them, and no compression
 * shrinks a hash. They become letters.
 */
function shortenNames(text, names) {
  return text.replace(/^( \((?:import "[^"]*"|export) )"([^"]*)"/gm, (whole, head, name) => {
    if (KNOWN.includes(name)) return whole;
    names.set(name, letters(names.size));
    return `${head}"${names.get(name)}"`;
  });
}

/** a, b, … z, A, … Z, aa, … */
function letters(index) {
  const all = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return (index < all.length ? '' : letters(Math.floor(index / all.length) - 1)) + all[index % all.length];
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
