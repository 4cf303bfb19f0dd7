#!/usr/bin/env bash
# wasm-opt has a pass that replaces conversions which saturate (Rust's `as`, `i32.trunc_sat_f64_s`) for engines without them.
# Expected: the largest number stays the largest number, and what is larger ends there.
# Seen: 2147483647.0 becomes -2147483648 and 4294967295.0 becomes 0: the pass compares with the largest number where it has to compare with the next.
# It keeps no saturation either. A timeout of 2^31-1 ms, compiled from Rust and translated so, fires at once.
. "$(dirname "$0")/lib.sh"
npm_install binaryen@132.0.0
cat >convert.wat <<'WAT'
(module
  (func (export "signed") (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0)))
  (func (export "unsigned") (param f64) (result i32) (i32.trunc_sat_f64_u (local.get 0))))
WAT
bin=node_modules/.bin
"$bin/wasm-as" convert.wat --enable-nontrapping-float-to-int -o before.wasm
"$bin/wasm-opt" before.wasm --enable-nontrapping-float-to-int --llvm-nontrapping-fptoint-lowering -o after.wasm
cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
for (const name of ['before', 'after']) {
  const { signed, unsigned } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(`${name}.wasm`))).exports;
  for (const value of [2147483646, 2147483647, 1e10]) console.log(`${name}: signed ${value} is ${signed(value)}`);
  for (const value of [4294967294, 4294967295, 1e10]) console.log(`${name}: unsigned ${value} is ${unsigned(value) >>> 0}`);
}
JS
node run.mjs >seen
check seen "before: signed 2147483647 is 2147483647" "before: signed 10000000000 is 2147483647" \
  "before: unsigned 4294967295 is 4294967295" "before: unsigned 10000000000 is 4294967295" \
  "after: signed 2147483646 is 2147483646" "after: signed 2147483647 is -2147483648" "after: signed 10000000000 is -2147483648" \
  "after: unsigned 4294967294 is 4294967294" "after: unsigned 4294967295 is 0" "after: unsigned 10000000000 is 0"
