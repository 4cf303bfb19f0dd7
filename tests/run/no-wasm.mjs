// The core of the npm package as JavaScript, for places that allow no WebAssembly: the same bytes of cargo, translated by binaryen's wasm2js.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';

/** What wasm2js cannot translate. wasm-bindgen reads in the module whether it may use these; without them it keeps JavaScript values in an array. */
const NOT_TRANSLATED = ['call-indirect-overlong', 'multivalue', 'reference-types'];
/** What is left, and turned into plain instructions before the translation. */
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext'];
const LOWERING = ['--llvm-memory-copy-fill-lowering', '--signext-lowering'];

/**
 * Conversions of Rust's `as`, which end at the largest and the smallest number and make 0 of NaN, by those that trap. wasm-opt has a pass for it,
 * `--llvm-nontrapping-fptoint-lowering`, but that gives other numbers: -2147483648 for 2147483647.0, and 0 for 4294967295.0 (binaryen 132).
 */
const SATURATING = {
  'i32.trunc_sat_f64_s': `(func $i32_s (param $x f64) (result i32)
    (if (result i32) (f64.lt (f64.abs (local.get $x)) (f64.const 2147483648))
      (then (i32.trunc_f64_s (local.get $x)))
      (else (select (i32.const 0x7fffffff) (select (i32.const 0x80000000) (i32.const 0) (f64.lt (local.get $x) (f64.const 0)))
        (f64.gt (local.get $x) (f64.const 0))))))`,
  'i32.trunc_sat_f64_u': `(func $i32_u (param $x f64) (result i32)
    (if (result i32) (f64.gt (local.get $x) (f64.const 0))
      (then (if (result i32) (f64.lt (local.get $x) (f64.const 4294967296))
        (then (i32.trunc_f64_u (local.get $x))) (else (i32.const -1))))
      (else (i32.const 0))))`,
  'i64.trunc_sat_f64_u': `(func $i64_u (param $x f64) (result i64)
    (if (result i64) (f64.gt (local.get $x) (f64.const 0))
      (then (if (result i64) (f64.lt (local.get $x) (f64.const 18446744073709551616))
        (then (i64.trunc_f64_u (local.get $x))) (else (i64.const -1))))
      (else (i64.const 0))))`,
};

/**
 * What is changed in the glue of wasm-bindgen 0.2.130. Each pattern has to be there, so that a new version cannot drop one in silence.
 */
const GLUE = [
  // Left over from the mode with a table: the first index behind the constants that every array begins with.
  [/^import \* as import1 from "__wbindgen_externref_xform__"$/gm, ''],
  [/^ *"__wbindgen_externref_xform__": import1,$/gm, ''],
  [/^( *)__wbindgen_object_drop_ref: function/gm, '$1__wbindgen_externref_statics_end: function() { return FIRST; },\n$&'],
  [/^let heap_next = heap\.length;$/gm, '$&\nconst FIRST = heap_next;'],
  // Memory that grows is a new buffer here, and the old one stays as it is; WebAssembly detaches it.
  [/cachedUint8ArrayMemory0\.byteLength === 0/g, 'cachedUint8ArrayMemory0.buffer !== wasm.memory.buffer'],
  [/cachedDataViewMemory0\.buffer\.detached === true \|\| \(cachedDataViewMemory0\.buffer\.detached === undefined && (.*?)\)\)/g, '$1)'],
];

/** Where wasm2js prints what belongs to a module: the imports at its head, and the exports at its end. */
const HEAD = /^import .*\n/gm;
const TAIL = /^var retasmFunc = asmFunc\([^]*$/m;

/** Applies each change, and throws when its pattern is not there. */
export function change(text, changes, where) {
  return changes.reduce((changed, [pattern, replacement]) => {
    if (changed.search(pattern) < 0) throw new Error(`${where} has no ${pattern}`);
    return changed.replace(pattern, replacement);
  }, text);
}

/**
 * Translates a compiled library.
 *
 * @param {{env: Record<string, string>, paths: Record<string, string>}} tools of set-up
 * @param {object} library
 * @param {string} library.cwd where the tools run
 * @param {string} library.compiled cargo's wasm
 * @param {string} library.folder where the results go; it is emptied
 * @param {string[]} library.bindgenArgs
 * @param {(tools: object, files: object) => Promise<void>} library.shorten takes the words out of panics and the hashes out of names
 * @returns {Promise<{glue: string, core: string}>} two files: the glue, and a module whose default export makes the exports from the imports
 */
export async function translate(tools, { cwd, compiled, folder, bindgenArgs, shorten }) {
  const options = { cwd, env: tools.env };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const plain = join(folder, 'core.wasm');
  writeFileSync(plain, withoutFeatures(readFileSync(compiled), NOT_TRANSLATED));
  await run(tools.paths.wasmBindgen, [plain, ...bindgenArgs, '--out-dir', folder], options);

  const files = { glue: join(folder, 'core.js'), wasm: join(folder, 'core_bg.wasm') };
  writeFileSync(files.glue, change(readFileSync(files.glue, 'utf8'), GLUE, "wasm-bindgen's glue"));
  await shorten(tools, files);

  const enabled = FEATURES.map((name) => `--enable-${name}`);
  const text = `${files.wasm}.wat`;
  await run('wasm-dis', [files.wasm, ...enabled, '-o', text], options);
  writeFileSync(text, saturate(readFileSync(text, 'utf8')));
  await run('wasm-as', [text, ...enabled, '-o', files.wasm], options);
  rmSync(text);
  await run('wasm-opt', [files.wasm, ...enabled, ...LOWERING, '-Oz', '--strip-debug', '--strip-producers', '-o', files.wasm], options);
  const core = join(folder, 'translated.js');
  await run('wasm2js', [files.wasm, '--mvp-features', '--enable-mutable-globals', '-O', '-o', core], options);
  const body = change(
    readFileSync(core, 'utf8'),
    [
      [HEAD, ''],
      [TAIL, ''],
    ],
    'the output of wasm2js',
  );
  writeFileSync(core, `export default function (imports) {\n${body}\nreturn asmFunc(imports);\n}\n`);
  return { glue: files.glue, core };
}

/** A module, as text, in which functions of its own convert numbers as `SATURATING` says. */
export function saturate(text) {
  const needed = new Set();
  const replaced = text.replace(/\((i\d\d\.trunc_sat_\w+)/g, (_, instruction) => {
    const [, name] = SATURATING[instruction]?.match(/^\(func (\S+)/) ?? [];
    if (!name) throw new Error(`the core has ${instruction}, for which there is no function yet`);
    needed.add(SATURATING[instruction]);
    return `(call ${name}`;
  });
  return replaced.replace(/\)\s*$/, `${[...needed].join('\n')})\n`);
}

/**
 * A module with these names taken out of its custom section `target_features` (WebAssembly tool conventions, Linking): a count, then a sign and a
 * name each.
 */
export function withoutFeatures(module, names) {
  const parts = [module.subarray(0, 8)];
  for (let at = 8; at < module.length;) {
    const id = module[at];
    const size = number(module, at + 1);
    const body = module.subarray(size.end, size.end + size.value);
    parts.push(section(id, id === 0 ? custom(body, names) : body));
    at = size.end + size.value;
  }
  return Buffer.concat(parts);
}

function custom(body, names) {
  const name = word(body, 0);
  if (name.value !== 'target_features') return body;
  const count = number(body, name.end);
  const kept = [];
  for (let i = 0, at = count.end; i < count.value; i++) {
    const feature = word(body, at + 1);
    if (!names.includes(feature.value)) kept.push(body.subarray(at, feature.end));
    at = feature.end;
  }
  return Buffer.concat([body.subarray(0, name.end), leb128(kept.length), ...kept]);
}

const section = (id, body) => Buffer.concat([Buffer.from([id]), leb128(body.length), body]);

/** A LEB128 number of 32 bits, and where it ends. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value: value >>> 0, end: at };
  }
}

function leb128(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}

function word(bytes, at) {
  const length = number(bytes, at);
  const end = length.end + length.value;
  return { value: bytes.toString('utf8', length.end, end), end };
}
