import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { debianPrefix, missingLibrary, placeDebianToolchain } from './debian-toolchain.mjs';
import { SetupFailure } from './failure.mjs';
import { run, which } from './process.mjs';

// The standard library for wasm32: of the active toolchain if it has it, else added by rustup, else, where rustup
// cannot download, built from Debian's sources into a toolchain of its own in the cache.

const TARGET = 'wasm32-unknown-unknown';
/** Long enough for 30 MB on a slow line; rustup itself waits much longer for a network that drops packets. */
const RUSTUP_TIMEOUT_MS = 120_000;

/** What there is for wasm32 builds, and the step that is missing. */
export async function findWasmStd(context) {
  if (hasTarget(context.rust.sysroot)) return { env: {}, steps: [] };
  const prefix = await debianPrefix(context);
  // rustup takes a path for a toolchain's name, so nothing outside the cache has to be changed.
  if (prefix) return { env: { RUSTUP_TOOLCHAIN: prefix }, steps: [] };
  const library = context.system.debian ? missingLibrary(context) : null;
  return {
    env: {},
    steps: [
      {
        what: `wasm32 standard library for Rust ${context.rust.version}`,
        usual: '10 s by rustup; 2 min from Debian packages, where rustup cannot download',
        // Only perhaps needed, so it stops nobody beforehand.
        maybePackages: library ? [library] : [],
        act: () => add(context),
      },
    ],
  };
}

async function add(context) {
  const tried = [];
  if (which('rustup', context.env)) {
    const command = ['rustup', 'target', 'add', TARGET];
    const result = await run(command, {
      cwd: context.checkout,
      env: context.env,
      logFile: context.cache.logFile('rustup'),
      timeoutMs: RUSTUP_TIMEOUT_MS,
    });
    if (result.ok && hasTarget(context.rust.sysroot)) return;
    tried.push(`${command.join(' ')} (${result.timedOut ? `no end after ${RUSTUP_TIMEOUT_MS / 1000} s` : briefly(result.tail)})`);
    if (context.system.debian) context.log('         rustup cannot download; going on with Debian packages');
  } else {
    tried.push('rustup target add (there is no rustup)');
  }
  if (!context.system.debian) {
    throw new SetupFailure(
      [
        `set-up: stopped at: wasm32 standard library`,
        ...tried.map((line) => `  tried: ${line}`),
        `  to do: with a network, \`rustup target add ${TARGET}\` (rustup: https://rustup.rs). Without rustup, install your system's package of Rust's ${TARGET} library.`,
      ].join('\n'),
    );
  }
  await placeDebianToolchain(context, tried);
}

/** rustup says everything in one line, addresses included. */
function briefly(tail) {
  const line = tail.split('\n').at(-1).trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

function hasTarget(sysroot) {
  const folder = join(sysroot, 'lib/rustlib', TARGET, 'lib');
  return existsSync(folder) && readdirSync(folder).some((name) => /^libstd-.*\.rlib$/.test(name));
}
