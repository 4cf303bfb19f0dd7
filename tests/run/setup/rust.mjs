import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, which } from './process.mjs';

// The Rust that the user already has: native tests, rustfmt and the tools we compile use it as it is.

/** What a developer's shell may hold for other projects and what would change the tools that we compile. */
const FOREIGN = [
  'RUSTFLAGS',
  'CARGO_ENCODED_RUSTFLAGS',
  'CARGO_BUILD_TARGET',
  'CARGO_BUILD_RUSTFLAGS',
  'CARGO_TARGET_DIR',
  'CARGO_INSTALL_ROOT',
  'RUSTC_BOOTSTRAP',
];

/** The environment to compile tools in. */
export function hostEnv(context) {
  const env = { ...context.env };
  for (const name of FOREIGN) delete env[name];
  return env;
}

/**
 * The active Rust, or null: `version` "1.95.0", `host` triple and `sysroot`.
 * Asked in the checkout, where a toolchain file or an override would count.
 */
export function activeRust(context) {
  if (!which('cargo', context.env)) return null;
  const env = { ...context.env };
  const about = ask(['rustc', '-vV'], env);
  const sysroot = ask(['rustc', '--print', 'sysroot'], env);
  if (!about || !sysroot) return null;
  return { version: about.match(/^release: (\S+)$/m)?.[1] ?? '0', host: about.match(/^host: (\S+)$/m)?.[1] ?? '', sysroot };
}

/** The Rust that the tests need: `rust-version` of the test server. The crate's own is lower. */
export function neededRust(checkout) {
  return readFileSync(join(checkout, 'tests/server/Cargo.toml'), 'utf8').match(/^rust-version = "([\d.]+)"/m)?.[1] ?? '0';
}

/** The version of a crate in the checkout's Cargo.lock. */
export function lockedVersion(checkout, crate) {
  const file = join(checkout, 'Cargo.lock');
  const lock = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const version = lock.match(new RegExp(`^name = "${crate}"\\r?\\nversion = "([^"]+)"`, 'm'))?.[1];
  if (!version) throw new Error(`${file} names no version of ${crate}`);
  return version;
}

/** Whether dotted version `a` is `b` or newer. A pre-release ("1.97.0-nightly") counts as its release. */
export function atLeast(a, b) {
  const numbers = (version) => version.split('-')[0].split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i += 1) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) > (right[i] ?? 0);
  return true;
}
