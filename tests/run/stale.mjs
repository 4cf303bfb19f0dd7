// Cargo knows a compiler by its version. A standard library that set-up has built anew has the same version and another identity: what was
// compiled against the one before cannot be linked with it, and rustc then "can't find" crates that are there.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TARGET = 'wasm32-unknown-unknown';

/** Removes what was compiled for wasm32 against another standard library. */
export function dropStaleWasm(tools, targetFolder) {
  const compiled = join(targetFolder, TARGET);
  const mark = join(targetFolder, `.${TARGET}-std`);
  const std = identity(tools.env.RUSTUP_TOOLCHAIN ?? process.env.RUSTUP_TOOLCHAIN);
  const before = existsSync(mark) ? readFileSync(mark, 'utf8') : null;
  if (before === std) return;
  // Without a mark nobody knows; rustup's own libraries are known to cargo by their version.
  if (before !== null || std !== identity()) rmSync(compiled, { recursive: true, force: true });
  mkdirSync(targetFolder, { recursive: true });
  writeFileSync(mark, std);
}

/** Of a toolchain folder that set-up has made; of rustup's own, a word. */
function identity(toolchain) {
  if (!toolchain || !existsSync(toolchain)) return 'of rustup';
  const folder = join(toolchain, 'lib/rustlib', TARGET, 'lib');
  const files = readdirSync(folder).filter((name) => /^lib(std|core)-/.test(name));
  return files.map((name) => `${name} ${statSync(join(folder, name)).mtimeMs}`).join('\n');
}
