// A build whose memory is really shared: threads of workers. The standard library has to be built for it, so it has a target folder of its own.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, targetFolder } from './build.mjs';
import { capture } from './process.mjs';

/** What makes the memory shared: `+atomics` alone does not. */
const FLAGS = [
  '-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals',
  ...[
    '--shared-memory',
    '--import-memory',
    '--max-memory=1073741824',
    ...['__wasm_init_tls', '__tls_size', '__tls_align', '__tls_base', '__heap_base'].map((name) => `--export=${name}`),
  ].map((argument) => `-Clink-arg=${argument}`),
];

/**
 * The environment and the arguments of cargo for such a build, or the reason why there is none: the sources of the standard library.
 * @param {{env: Record<string, string>}} tools of set-up
 */
export async function threads(tools) {
  // Building the standard library is for nightly compilers, or with this.
  const env = { ...tools.env, RUSTC_BOOTSTRAP: '1', CARGO_ENCODED_RUSTFLAGS: FLAGS.join('\x1f') };
  env.CARGO_TARGET_DIR = join(targetFolder(tools), 'threads');
  if (!(await hasSources(tools))) {
    // Debian's toolchain has them; rustup brings them where it can download.
    await capture('rustup', ['component', 'add', 'rust-src'], { cwd: root, env: tools.env, quiet: true });
    if (!(await hasSources(tools)))
      return { reason: 'the active Rust has no sources, and `rustup component add rust-src` did not bring them' };
  }
  return { env, args: ['-Zbuild-std=std,panic_abort,test'] };
}

async function hasSources(tools) {
  const { output } = await capture('rustc', ['--print', 'sysroot'], { cwd: root, env: tools.env, quiet: true });
  return existsSync(join(output.trim(), 'lib/rustlib/src/rust/library/std/Cargo.toml'));
}
