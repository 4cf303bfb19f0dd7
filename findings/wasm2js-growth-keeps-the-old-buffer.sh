#!/usr/bin/env bash
# WebAssembly detaches a memory's ArrayBuffer when it grows (JavaScript interface, "refresh the Memory object"), so glue code such as that of
# wasm-bindgen asks `view.byteLength === 0` to know that its cached view is stale.
# Expected: a module translated by wasm2js can stand in for the wasm.
# Seen: the old buffer keeps its length, so the question is answered with no, and what is written through the cached view is lost.
. "$(dirname "$0")/lib.sh"
npm_install binaryen@132.0.0
cat >grow.wat <<'WAT'
(module
  (memory (export "memory") 1)
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))
WAT
node_modules/.bin/wasm-as grow.wat -o grow.wasm
node_modules/.bin/wasm2js grow.wasm -o grow.mjs
cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
import * as translated from './grow.mjs';
const compiled = new WebAssembly.Instance(new WebAssembly.Module(readFileSync('grow.wasm'))).exports;
for (const [name, { memory, grow, load, store }] of Object.entries({ compiled, translated })) {
  const view = new Uint8Array(memory.buffer);
  store(0, 1);
  grow();
  const length = view.byteLength;
  view[0] = 7;
  new Uint8Array(memory.buffer)[1] = 9;
  console.log(`${name}: the old view has ${length} bytes, through it 7 became ${load(0)}, through a new one 9 became ${load(1)}`);
}
JS
node run.mjs >seen
check seen "compiled: the old view has 0 bytes, through it 7 became 1, through a new one 9 became 9" \
  "translated: the old view has 65536 bytes, through it 7 became 1, through a new one 9 became 9"
