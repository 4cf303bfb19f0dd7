#!/usr/bin/env node
// Weighs what users download: `npm run size`. Raw, gzip and brotli bytes; a row is JavaScript and wasm together, as the bar counts them.
import { transform } from 'esbuild';
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build, root, wasm } from './build.mjs';
import { capture, endChildrenOnSignals } from './process.mjs';
import { setupOrExit } from './setup.mjs';

const APP = 'websocket-channel-size';

function weigh(pieces) {
  const sum = (measure) => pieces.reduce((total, piece) => total + measure(piece).length, 0);
  return {
    raw: sum((piece) => piece),
    gzip: sum((piece) => gzipSync(piece, { level: 9 })),
    brotli: sum((piece) => brotliCompressSync(piece, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })),
  };
}

async function app(tools, out, features) {
  const files = await wasm(tools, { name: APP, features, out });
  const { code } = await transform(readFileSync(files.glue, 'utf8'), { minify: true, format: 'esm' });
  return weigh([Buffer.from(code), readFileSync(files.wasm)]);
}

/** Compiles the app once more and looks at what cargo told rustc: a crate type in the wrong place turns LTO off in silence. */
async function ltoIsOn(tools) {
  const now = new Date();
  utimesSync(join(root, 'tests/size/src/lib.rs'), now, now);
  const args = [
    'rustc',
    '-v',
    '--locked',
    '--lib',
    '--profile',
    'wasm',
    '--target',
    'wasm32-unknown-unknown',
    '-p',
    APP,
    '--crate-type',
    'cdylib',
  ];
  const { output } = await capture('cargo', args, { cwd: root, env: tools.env, quiet: true });
  return /--crate-name websocket_channel_size .* -C lto(=fat)? /.test(output);
}

const tools = await setupOrExit();
endChildrenOnSignals();
const lto = await ltoIsOn(tools);
const dist = await build(tools);
const rows = [
  ['smallest Rust app, text', await app(tools, 'size-text', [])],
  ['the same with JSON', await app(tools, 'size-json', ['json'])],
  ['npm default entry', weigh([readFileSync(join(dist, 'index.js'))])],
];
const cells = (name, ...numbers) => `${name.padEnd(26)}${numbers.map((number) => String(number).padStart(10)).join('')}`;
console.log(cells('bytes', 'raw', 'gzip', 'brotli'));
for (const [name, { raw, gzip, brotli }] of rows) console.log(cells(name, raw, gzip, brotli));
console.log(`LTO: ${lto ? 'on' : 'OFF'}`);
process.exitCode = lto ? 0 : 1;
