#!/usr/bin/env node
// Weighs what users download: `npm run size`. Raw, gzip and brotli bytes; a row is JavaScript and wasm together, as the bars count them.
// It fails above a bar, and when LTO is off.
import { build as bundle } from 'esbuild';
import { readFileSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build, cargoArgs, root, wasm } from './build.mjs';
import { capture, endChildrenOnSignals } from './process.mjs';
import { setupOrExit } from './setup.mjs';

const APP = 'websocket-channel-size';
/** The app that has the bar: with the allocator that its manifest names. */
const SMALLEST = ['talc'];
/** Each is a feature of the app, and adds one of the crate's. */
const ADDED = ['json', 'messagepack', 'websocket-stream', 'tracing', 'proto', 'reconnect', 'session'];
/** Gzip bytes that one may add. For `reconnect` 3 KB were wanted, for `session` 8; they must not grow above what they are. */
const ADDED_BARS = { reconnect: 3520, session: 29 << 10 };
/** Gzip bytes: 20, 32, 32 and 40 KB. For the session 30 KB were wanted. */
const BARS = { app: 20 << 10, npm: 32 << 10, noWasm: 32 << 10, session: 40 << 10 };

function weigh(pieces) {
  const sum = (measure) => pieces.reduce((total, piece) => total + measure(piece).length, 0);
  return {
    raw: sum((piece) => piece),
    gzip: sum((piece) => gzipSync(piece, { level: 9 })),
    brotli: sum((piece) => brotliCompressSync(piece, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })),
  };
}

/** An app as a page has it: the wasm, and what a bundler leaves of the glue when the page initialises it and calls the app's one function. */
async function app(tools, features) {
  const files = await wasm(tools, { name: APP, features, out: ['size', ...features].join('-') });
  const glue = `./${basename(files.glue)}`;
  const { outputFiles } = await bundle({
    stdin: { contents: `import init, { echo } from '${glue}'; await init(); echo('/echo');`, resolveDir: dirname(files.glue) },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  return weigh([outputFiles[0].contents, readFileSync(files.wasm)]);
}

/** Compiles the app once more and looks at what cargo told rustc: a crate type in the wrong place turns LTO off in silence. */
async function ltoIsOn(tools) {
  const now = new Date();
  utimesSync(join(root, 'tests/size/src/lib.rs'), now, now);
  const args = await cargoArgs(tools, { name: APP, features: SMALLEST });
  const loud = args.map((arg) => (arg === '--quiet' ? '-v' : arg));
  const { output } = await capture('cargo', loud, { cwd: root, env: tools.env, quiet: true });
  return /--crate-name websocket_channel_size .* -C lto(=fat)? /.test(output);
}

const tools = await setupOrExit();
endChildrenOnSignals();
const lto = await ltoIsOn(tools);
const dist = await build(tools);
const smallest = await app(tools, SMALLEST);
const rows = [
  { name: 'smallest Rust app', size: smallest, bar: BARS.app },
  { name: "  Rust's own allocator", size: await app(tools, []) },
];
for (const feature of ADDED) {
  const size = await app(tools, [...SMALLEST, feature]);
  const bar = ADDED_BARS[feature] && smallest.gzip + ADDED_BARS[feature];
  rows.push({ name: `  with ${feature}`, size, added: size.gzip - smallest.gzip, bar });
}
const published = (...names) => weigh(names.map((name) => readFileSync(join(dist, name))));
rows.push(
  { name: 'npm default entry', size: published('index.js'), bar: BARS.npm },
  { name: '  slim and its wasm', size: published('slim.js', 'websocket-channel.wasm') },
  { name: 'npm no-wasm entry', size: published('no-wasm.js'), bar: BARS.noWasm },
  { name: '  classic script', size: published('websocket-channel.iife.js') },
  { name: 'npm session entry', size: published('session.js'), bar: BARS.session },
  { name: '  messagepack', size: published('messagepack.js') },
);

const cells = (name, ...columns) => `${name.padEnd(26)}${columns.map((column) => String(column).padStart(10)).join('')}`;
console.log(cells('bytes', 'raw', 'gzip', 'brotli', 'adds', 'bar'));
for (const { name, size, added, bar } of rows) {
  console.log(cells(name, size.raw, size.gzip, size.brotli, added ? `+${added}` : '', bar ?? ''));
}
console.log(`LTO: ${lto ? 'on' : 'OFF'}`);
const over = rows.filter(({ size, bar }) => bar !== undefined && size.gzip > bar);
for (const { name, size, bar } of over) console.error(`${name}: ${size.gzip} bytes gzip, ${size.gzip - bar} above the bar`);
process.exitCode = lto && over.length === 0 ? 0 : 1;
