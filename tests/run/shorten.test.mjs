// The edits of disassembled wasm, on text that Binaryen prints here and now: each takes out what it is for, and fails loudly where its pattern finds
// nothing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from './build.mjs';
import { PANICS, WORDS, shortenGlue, shortenProgram } from './shorten.mjs';

/** A function of each kind that traps, one that makes words, one without a body before one that stays. */
const FUNCTIONS = [
  'core[c5930c85a12de822]::panicking::panic_fmt',
  'core[c5930c85a12de822]::option::unwrap_failed',
  'core[c5930c85a12de822]::panicking::panic_const::panic_const_div_by_zero',
  'alloc[3ca501edff3f0c7c]::raw_vec::handle_error',
  'std[a543996e6e7dbf1e]::alloc::rust_oom',
  '<u32 as core[c5930c85a12de822]::fmt::Display>::fmt',
];
const PHRASES =
  'RefCell already borrowed|LazyCell instance has previously been poisoned|capacity overflow|Tried to shrink to a larger capacity|';
const PATH = 'src/lib.rs';
const HASH = '__wbg_send_0123456789abcdef';
/** Where the phrases begin, and behind them a path, and a place that points to it. */
const START = 1024;
const place = START + PHRASES.length + PATH.length + ((4 - ((PHRASES.length + PATH.length) % 4)) % 4);
const word = (number) => [0, 8, 16, 24].map((bits) => `\\${((number >> bits) & 255).toString(16).padStart(2, '0')}`).join('');
const PROGRAM = `(module
  (import "./websocket_channel_bg.js" "${HASH}" (func $send (param i32)))
  (memory $memory 1)
  (data $words (i32.const ${START}) "${PHRASES}${PATH}")
  (data $place (i32.const ${place}) "${word(START + PHRASES.length)}${word(PATH.length)}${word(7)}${word(9)}")
  (data $kept (i32.const 4096) "said by ourselves")
  (export "memory" (memory $memory))
  (export "websocket_close" (func $close))
${FUNCTIONS.map((name) => `  (func $"${name}" (call $send (i32.const ${START})) (call $close))`).join('\n')}
  (func $empty)
  (func $close ${FUNCTIONS.slice(0, -1)
    .map((name) => `(call $"${name}")`)
    .join(' ')})
)`;
const GLUE = `const import0 = { __proto__: null, ${HASH}: function(arg0) {} };
return { __proto__: null, "./websocket_channel_bg.js": import0 };
wasm.websocket_close(1); wasm.memory;`;

let folder;
let text;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'shorten-test-'));
  text = printed(PROGRAM);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function binaryen(tool, args) {
  const { status, stderr } = spawnSync(join(root, 'node_modules/.bin', tool), args, { encoding: 'utf8' });
  assert.equal(status, 0, `${tool}: ${stderr}`);
}

/** A program as `wasm-dis` prints it, names included. */
function printed(program) {
  const [wat, wasm, dis] = ['in.wat', 'out.wasm', 'out.wat'].map((name) => join(folder, name));
  writeFileSync(wat, program);
  binaryen('wasm-as', [wat, '-g', '-o', wasm]);
  binaryen('wasm-dis', [wasm, '-o', dis]);
  return readFileSync(dis, 'utf8');
}

describe('a program', () => {
  test('loses the bodies and the words of its panics, and keeps the rest', () => {
    const names = new Map();
    const { short, missing } = shortenProgram(text, names);
    assert.deepEqual(missing, []);
    assert.deepEqual(
      [...names],
      [
        [HASH, 'a'],
        ['websocket_close', 'b'],
      ],
    );
    const again = printed(short);
    for (const name of FUNCTIONS)
      assert.ok(new RegExp(`\\(func \\$"${name.replace(/[[\]<>]/g, '\\$&')}".*\\n {2}\\(unreachable\\)\\n \\)`).test(again), name);
    // What stands behind a function without a body is a function of its own.
    assert.match(again, /\(func \$empty.*\n \)\n \(func \$close.*\n {2}\(call /);
    const wasm = readFileSync(join(folder, 'out.wasm'), 'latin1');
    for (const phrase of [...PHRASES.split('|').filter(Boolean), PATH, HASH]) assert.ok(!wasm.includes(phrase), phrase);
    assert.ok(wasm.includes('said by ourselves'));
  });

  test('keeps its words where it formats something itself', () => {
    const says = text.replace(/( \(func \$empty.*\n)/, `$1  (call $"${FUNCTIONS.at(-1)}")\n`);
    assert.notEqual(says, text);
    const { short } = shortenProgram(says, new Map());
    assert.match(short, /capacity overflow/);
  });

  for (const [what, from, to] of [
    ['function of core::panicking', '::panicking::panic_fmt', '::panicked::panic_fmt'],
    ['failing function of core', '::option::unwrap_failed', '::option::unwrapped'],
    ['constant panic of core', '::panicking::panic_const::', '::panicking::constants::'],
    ['failing function of alloc', '::raw_vec::handle_error', '::raw_vec::fail'],
    ['panic handler of std', '::alloc::rust_oom', '::alloc::oom'],
    ['words of a borrowed cell', 'RefCell already borrowed', 'RefCell is taken already'],
    ['words of a poisoned cell', 'LazyCell instance has', 'LazyCell value has'],
    ['words of a full vector', 'capacity overflow', 'capacity exceeded'],
    ['words of a shrunk vector', 'Tried to shrink', 'Tried to extend'],
    ['place of a panic', PATH, 'src/lib.rb'],
    ['function of core::fmt', '::fmt::Display>', '::format::Display>'],
  ]) {
    test(`without ${what} is told`, () => {
      const { missing } = shortenProgram(text.replaceAll(from, to), new Map());
      assert.ok(missing.includes(what), missing.join(', '));
    });
  }

  test('whose kinds are tested above has no others', () => {
    assert.equal(Object.keys(PANICS).length + Object.keys(WORDS).length, 9);
  });

  for (const [what, from, to] of [
    ['function as it was printed', /\n \)\n \(func \$empty/, '\n\n \(func $empty'],
    ['function as it was printed', /^ \(func /gm, '(func '],
    ['data as it was printed', /^ \(data (\S+) \(i32\.const/gm, ' (data $1 (offset'],
    ['import or export as it was printed', /^ \(import "/gm, ' (import  "'],
    ['name with a hash', /^ \((import|export) "(?!memory).*\n/gm, ''],
  ]) {
    test(`that is printed otherwise (${from}) fails the build: no ${what}`, () => {
      const other = text.replace(from, to);
      assert.notEqual(other, text);
      assert.throws(() => shortenProgram(other, new Map()), new RegExp(`there is no ${what}`));
    });
  }
});

describe('the glue', () => {
  const names = new Map([
    [HASH, 'a'],
    ['websocket_close', 'b'],
  ]);

  test('has the new names', () => {
    assert.equal(
      shortenGlue(GLUE, names),
      'const import0 = { __proto__: null, a: function(arg0) {} };\nreturn { __proto__: null, rust: import0 };\nwasm.b(1); wasm.memory;',
    );
  });

  for (const [what, from, to] of [
    ['import in the glue', ': function(', '('],
    ['call of an export', 'wasm.', 'exports.'],
    ['object of imports', '": import0', '": imports'],
  ]) {
    test(`without ${what} fails the build`, () => {
      assert.throws(() => shortenGlue(GLUE.replace(from, to), names), new RegExp(`there is no ${what}`));
    });
  }
});
