// What of the npm package's wasm no tool takes out: the words of panics, and the hashes in names. The program is disassembled, edited and assembled again.
//
// No option of rustc, wasm-bindgen or wasm-opt does this on stable Rust: `panic=immediate-abort` and a rebuilt standard library are nightly's. Each edit
// knows its text by a pattern. Where a tool prints another text one day, the pattern finds nothing, and the build fails and names it. Where a panic is
// worded differently or is gone, the build goes on and says so, and the suite `package` fails.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Throws: an edit found nothing to do, because a tool prints something else. */
function gone(what) {
  throw new Error(`shortening the wasm: there is no ${what} any more; look at tests/run/shorten.mjs`);
}

/**
 * What a panic does before it traps: it words a message that nobody is told, for std has no stderr in a page. Each of these traps at once instead,
 * and wasm-opt drops what only they called. Whoever calls such a function does not go on after it, so nothing else changes.
 */
export const PANICS = {
  'function of core::panicking': /^"?core(\[\w+\])?::panicking::\w+(::<.*>)?"?$/,
  'failing function of core':
    /^"?core(\[\w+\])?::(option|result|str|slice::index|cell)::\w*(_failed?|panic_already\w*borrowed)(::<.*>)?"?$/,
  'constant panic of core': /^"?core(\[\w+\])?::(panicking::panic_const::\w+|cell::lazy::panic_poisoned)"?$/,
  'failing function of alloc': /^"?alloc(\[\w+\])?::(raw_vec::(handle_error|capacity_overflow)|alloc::handle_alloc_error)"?$/,
  'panic handler of std': /^"?(std|__rustc)(\[\w+\])?::(alloc::rust_oom|rust_begin_unwind|rust_panic)"?$/,
};

/** What makes words of values. When panics have none, tables of theirs still point here, and keep it. One of two of a name has a number. */
const FORMATS = /^"?(<?|<.* as )core(\[\w+\])?::fmt::[^<>]*(>::[\w:{}#]+)?(\[\d+\])?"?$/;

/** What core and alloc have to say in a panic. */
export const WORDS = {
  'words of a borrowed cell': /RefCell already (mutably )?borrowed/g,
  'words of a poisoned cell': /LazyCell instance has previously been poisoned/g,
  'words of a full vector': /capacity overflow/g,
  'words of a shrunk vector': /Tried to shrink to a larger capacity/g,
};

/** Exports that `glueAsFunction`, `instance.js` and tests look for. */
const KNOWN = ['__wbindgen_start', '__wbindgen_externrefs', 'memory'];

/**
 * For npm: panics without words, and names without hashes.
 * @param {{glue: string, wasm: string}} files are changed
 * @param {(program: string, args: string[]) => Promise<void>} run
 * @param {string[]} features what the program may use, as the tools are told
 * @returns {Promise<string[]>} which of `PANICS` and `WORDS` were not found: the program has changed, or Rust has
 */
export async function shortenWasm({ glue, wasm }, run, features) {
  const text = `${wasm}.wat`;
  await run('wasm-dis', [wasm, ...features, '-o', text]);
  const names = new Map();
  const { short, missing } = shortenProgram(readFileSync(text, 'utf8'), names);
  writeFileSync(text, short);
  await run('wasm-as', [text, ...features, '-o', wasm]);
  rmSync(text);
  writeFileSync(glue, shortenGlue(readFileSync(glue, 'utf8'), names));
  return missing;
}

/** The same for the text of a program; `names` becomes what the names are now. */
export function shortenProgram(text, names) {
  const shortened = edit(shortenNames(text, names), /^ \(import "[^"]*"/gm, ' (import "rust"', 'import');
  const found = new Set();
  const silent = trapIn(shortened, (name) => {
    const kinds = Object.keys(PANICS).filter((kind) => PANICS[kind].test(name));
    kinds.forEach((kind) => found.add(kind));
    return kinds.length > 0;
  });
  const missing = Object.keys(PANICS).filter((kind) => !found.has(kind));
  const formats = (name) => FORMATS.test(name);
  // Only what has no caller but its like: a program that formats anything itself keeps it all.
  const others = trapIn(silent, formats);
  if (others === silent) missing.push('function of core::fmt');
  const called = [...others.matchAll(/\(call \$("[^"]*"|[^\s)]*)/g)].some(([, name]) => formats(name));
  return { short: called ? silent : withoutPlaces(others, missing), missing };
}

/** Gives the glue the names that the program has now. */
export function shortenGlue(script, names) {
  let renamed = script;
  for (const [what, pattern] of [
    ['import in the glue', /\b\w+(?=: function)/g],
    ['call of an export in the glue', /(?<=\bwasm\.)\w+/g],
  ]) {
    const before = renamed;
    renamed = renamed.replace(pattern, (name) => names.get(name) ?? name);
    if (renamed === before) gone(what);
  }
  return edit(renamed, /"\.\/\w+_bg\.js"(?=: import0)/, 'rust', 'object of imports in the glue');
}

/** Replaces what there is, and something there is. */
function edit(text, pattern, by, what) {
  if (text.search(pattern) < 0) gone(what);
  return text.replace(pattern, by);
}

/** Of what a line begins with there is as much as a pattern found: it has missed none because of how it is printed. */
function whole(text, line, count, what) {
  const there = [...text.matchAll(line)].length;
  if (there === 0 || there !== count) gone(`${what} as it was printed (${count} of ${there})`);
}

/** Puts a trap in place of the body of every function with such a name. */
function trapIn(text, named) {
  // A function is printed from one space before its bracket to one space before the closing one. It may have no body.
  let count = 0;
  const trapped = text.replace(/^( \(func \$("[^"]*"|\S*).*)[^]*?\n \)$/gm, (body, head, name) => {
    count += 1;
    return named(name) ? `${head}\n  (unreachable)\n )` : body;
  });
  whole(text, /^ \(func /gm, count, 'function');
  return trapped;
}

/**
 * Zeros in the place of what only the wording of a panic reads, when nothing words one: the source files and lines of panics, and core's own phrases.
 * The data of a program is one piece to wasm-opt, so it cannot see that nobody points there.
 */
function withoutPlaces(text, missing) {
  const segment = /^( \(data \S+ \(i32\.const (\d+)\) )"(.*)"\)$/gm;
  const segments = [...text.matchAll(segment)].map(([, , address, escaped]) => ({ address: Number(address), bytes: bytesOf(escaped) }));
  whole(text, /^ \(data /gm, segments.length, 'data');
  const start = Math.min(...segments.map(({ address }) => address));
  const memory = Buffer.alloc(Math.max(...segments.map(({ address, bytes }) => address + bytes.length)) - start);
  for (const { address, bytes } of segments) bytes.copy(memory, address - start);
  const phrases = memory.toString('latin1');
  const dead = [];
  for (const [what, pattern] of Object.entries(WORDS)) {
    const there = [...phrases.matchAll(pattern)].map(({ 0: { length }, index }) => [index, length]);
    if (there.length === 0) missing.push(what);
    dead.push(...there);
  }
  // A `core::panic::Location` is the address and the length of a path, a line and a column.
  let places = 0;
  for (let at = 0; at + 16 <= memory.length; at += 4) {
    const [path, length] = [memory.readUInt32LE(at) - start, memory.readUInt32LE(at + 4)];
    if (path >= 0 && path + length <= memory.length && memory.toString('latin1', path, path + length).endsWith('.rs')) {
      dead.push([at, 16], [path, length]);
      places += 1;
    }
  }
  if (places === 0) missing.push('place of a panic');
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

/**
 * wasm-bindgen names an import after what it calls and a hash, and an export after its class: nobody but the glue reads them, and no compression
 * shrinks a hash. They become letters.
 */
function shortenNames(text, names) {
  let count = 0;
  const shortened = text.replace(/^( \((?:import "[^"]*"|export) )"([^"]*)"/gm, (whole, head, name) => {
    count += 1;
    if (KNOWN.includes(name)) return whole;
    names.set(name, letters(names.size));
    return `${head}"${names.get(name)}"`;
  });
  whole(text, /^ \((import|export) /gm, count, 'import or export');
  if (names.size === 0) gone('name with a hash');
  return shortened;
}

/** a, b, … z, A, … Z, aa, … */
function letters(index) {
  const all = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return (index < all.length ? '' : letters(Math.floor(index / all.length) - 1)) + all[index % all.length];
}
