#!/usr/bin/env node
// Format and lints: `npm run lint`. Warnings are only warnings at home and fail in CI (`CI=true`), as they fail here with `--deny`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';
import { capture, endChildrenOnSignals } from './process.mjs';
import { setupOrExit } from './setup.mjs';

const deny = process.env.CI === 'true' || process.argv.includes('--deny');
const warnings = deny ? ['--', '-D', 'warnings'] : [];
const tools = await setupOrExit();
endChildrenOnSignals();

const wasm = ['--target', 'wasm32-unknown-unknown', '--locked'];
const rustdoc = ['doc', '--no-deps', '-p', 'websocket-channel', '--quiet'];
const denied = { RUSTDOCFLAGS: deny ? '-D warnings' : '' };
/** As docs.rs does it: its features, its `cfg`, and no network. A stable compiler is told to take what only a nightly one takes. */
const [, listed] = readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/\[package\.metadata\.docs\.rs\]\nfeatures = \[(.*)\]/);
const published = ['--offline', '--locked', '--features', listed.replaceAll(/[" ]/g, '')];
const nightly = { RUSTC_BOOTSTRAP: '1', RUSTDOCFLAGS: `--cfg docsrs ${denied.RUSTDOCFLAGS}` };
const checks = [
  ['rustfmt', 'cargo', ['fmt', '--all', '--check'], {}],
  ['rustfmt, fuzz targets', 'cargo', ['fmt', '--manifest-path', 'tests/fuzz/Cargo.toml', '--check'], {}],
  ['prettier', 'prettier', ['--check', '{src,tests,www}/**/*.{js,mjs,ts,css}', 'package.json'], tools.env],
  ['clippy, native', 'cargo', ['clippy', '--locked', '--workspace', '--all-targets', ...warnings], {}],
  ['clippy, wasm', 'cargo', ['clippy', ...wasm, '-p', 'websocket-channel', '--all-targets', ...warnings], tools.env],
  ['clippy, wasm, every feature', 'cargo', ['clippy', ...wasm, '-p', 'websocket-channel', '--all-features', ...warnings], tools.env],
  ['clippy, wasm, no feature', 'cargo', ['clippy', ...wasm, '-p', 'websocket-channel', '--no-default-features', ...warnings], tools.env],
  [
    'clippy, page and scales',
    'cargo',
    ['clippy', ...wasm, '-p', 'websocket-channel-demo', '-p', 'websocket-channel-size', ...warnings],
    tools.env,
  ],
  ['rustdoc, native', 'cargo', [...rustdoc, '--locked'], denied],
  ['rustdoc, native, every feature', 'cargo', [...rustdoc, '--locked', '--all-features'], denied],
  ['rustdoc, wasm, every feature', 'cargo', [...rustdoc, ...wasm, '--all-features'], { ...tools.env, ...denied }],
  ['rustdoc, native, as docs.rs', 'cargo', [...rustdoc, ...published], nightly],
  ['rustdoc, wasm, as docs.rs', 'cargo', [...rustdoc, '--target', 'wasm32-unknown-unknown', ...published], { ...tools.env, ...nightly }],
  ['rustdoc, wasm, no feature', 'cargo', [...rustdoc, ...wasm, '--no-default-features'], { ...tools.env, ...denied }],
];

let failed = 0;
for (const [name, program, args, env] of checks) {
  console.log(`── ${name} ──`);
  const { ok } = await capture(program, args, { cwd: root, env });
  if (!ok) {
    failed += 1;
    console.log(`${name}: failed`);
  }
}
console.log(failed === 0 ? 'format and lints: all well' : `format and lints: ${failed} of ${checks.length} failed`);
process.exitCode = failed === 0 ? 0 : 1;
