import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { candidate, dependencies, download, install, isInstalled, update } from './apt.mjs';
import { SetupFailure, stepFailure } from './failure.mjs';
import { ask, isExecutable, run } from './process.mjs';
import { atLeast, hostEnv } from './rust.mjs';

// Debian keeps a current compiler for its browsers, in packages whose names end in "-web". They conflict with a
// rustup package, so they are unpacked into the cache instead of installed, and rustup's own cargo and linker are
// linked in. Debian has no wasm32 library for them: it is compiled once, from Debian's copy of the library's sources.

const TARGET = 'wasm32-unknown-unknown';
/** To be raised when what is made from the same packages changes, so that nobody goes on with an old one. */
const RECIPE = 2;
const NAME = new RegExp(`^rust-(\\d+\\.\\d+\\.\\d+)-wasm32-${RECIPE}$`);
const WHAT = 'wasm32 standard library, from Debian packages';

/** The newest finished toolchain in the cache that works with what is installed now, or null. */
export async function debianPrefix(context) {
  const versions = context.cache.names().flatMap((name) => name.match(NAME)?.[1] ?? []);
  versions.sort((a, b) => (atLeast(a, b) ? -1 : 1));
  return versions.map((version) => context.cache.path(itemName(version))).find((prefix) => works(prefix, context)) ?? null;
}

/** The name of the one package that has to be installed for it, or null if it is installed or the lists do not tell. */
export function missingLibrary(context) {
  const library = libraryPackage(compilerVersion(context), context);
  return library && !isInstalled(library, context) ? library : null;
}

/**
 * Makes the toolchain and leaves it in the cache.
 * @param {string[]} tried what was tried before, for the message if this fails too
 */
export async function placeDebianToolchain(context, tried) {
  const linker = join(context.rust.sysroot, 'lib/rustlib', context.rust.host, 'bin/rust-lld');
  if (!existsSync(linker))
    throw refusal(context, tried, `the active Rust (${context.rust.sysroot}) has no rust-lld; install Rust by rustup (https://rustup.rs)`);
  let version = compilerVersion(context);
  // Lists without the security archive, or from before the last browser update, know none or an older one.
  if (context.system.root && !(version && atLeast(version, context.neededRust))) {
    await update('rustc-web', context);
    version = compilerVersion(context);
  }
  if (!version) throw refusal(context, tried, 'the package lists do not know rustc-web: `sudo apt-get update`');
  if (!atLeast(version, context.neededRust)) {
    throw refusal(
      context,
      tried,
      `Debian's rustc-web is ${version}, but this project needs ${context.neededRust}; \`sudo apt-get update\` may know a newer one`,
    );
  }
  const library = libraryPackage(version, context);
  if (!library) throw refusal(context, tried, `cannot tell which libllvm package ${libstd(version)} depends on`);
  if (!isInstalled(library, context)) {
    if (!context.system.root) throw refusal(context, tried, `sudo apt-get install ${library}`);
    await install([library], context);
  }
  await context.cache.place(itemName(version), async (prefix) => {
    await unpack(prefix, version, context);
    await buildStd(prefix, context);
    await verify(prefix, context);
  });
}

function itemName(version) {
  return `rust-${version}-wasm32-${RECIPE}`;
}

function compilerVersion(context) {
  return candidate('rustc-web', context)?.match(/^\d+\.\d+\.\d+/)?.[0] ?? null;
}

function libstd(version) {
  return `libstd-rust-web-${version.split('.').slice(0, 2).join('.')}`;
}

function libraryPackage(version, context) {
  return version && (dependencies(libstd(version), context).find((name) => /^libllvm\d+$/.test(name)) ?? null);
}

function refusal(context, tried, todo) {
  return new SetupFailure([`set-up: stopped at: ${WHAT}`, ...tried.map((line) => `  tried: ${line}`), `  to do: ${todo}`].join('\n'));
}

/** Whether the toolchain is there and what it links to as well: rustup's files move, libraries are removed. */
function works(prefix, context) {
  return (
    existsSync(join(prefix, 'lib/rustlib', context.rust.host, 'bin/rust-lld')) &&
    isExecutable(join(prefix, 'bin/cargo')) &&
    ask([join(prefix, 'bin/rustc'), '-V'], { ...context.env, LD_LIBRARY_PATH: join(prefix, 'lib') }) !== null
  );
}

async function unpack(prefix, version, context) {
  // In the unfinished item's folder, so that it is swept away with it.
  const work = mkdtempSync(join(prefix, '.unpack-'));
  await download(['rustc-web', 'libstd-rust-web-dev', libstd(version), 'rust-web-src', 'rust-web-clippy'], work, context);
  const usr = join(work, 'root/usr');
  for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
    const command = ['dpkg-deb', '-x', file, 'root'];
    const result = await run(command, { cwd: work, env: context.env, logFile: context.cache.logFile('debian-toolchain') });
    if (!result.ok) throw stepFailure(WHAT, [command.join(' ')], result, context, 'debian-toolchain');
  }

  renameSync(join(usr, 'bin'), join(prefix, 'bin'));
  mkdirSync(join(prefix, 'lib'));
  renameSync(join(usr, 'lib/rustlib'), join(prefix, 'lib/rustlib'));
  // The compiler's own library is in a folder per architecture ("x86_64-linux-gnu"); rustup looks in lib/.
  for (const folder of readdirSync(join(usr, 'lib'), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const names = readdirSync(join(usr, 'lib', folder.name)).filter((name) => /^librustc_driver-.*\.so$/.test(name));
    for (const name of names) renameSync(join(usr, 'lib', folder.name, name), join(prefix, 'lib', name));
  }
  // lib/rustlib/src/rust is a relative link to here. The compiler's own sources beside `library` are not needed.
  for (const source of readdirSync(join(usr, 'src'))) {
    mkdirSync(join(prefix, 'src', source), { recursive: true });
    renameSync(join(usr, 'src', source, 'library'), join(prefix, 'src', source, 'library'));
  }
  rmSync(work, { recursive: true });

  const { sysroot, host } = context.rust;
  symlinkSync(join(sysroot, 'bin/cargo'), join(prefix, 'bin/cargo'));
  // Links, not copies: rust-lld finds its LLVM relative to its real path.
  const bin = join('lib/rustlib', host, 'bin');
  mkdirSync(join(prefix, bin), { recursive: true });
  symlinkSync(join(sysroot, bin, 'rust-lld'), join(prefix, bin, 'rust-lld'));
}

async function buildStd(prefix, context) {
  const crate = join(prefix, '.std');
  writeCrate(crate, '[profile.release]\npanic = "abort"\n', '');
  const source = join(prefix, 'lib/rustlib/src/rust');
  const crates = join(context.env.CARGO_HOME ?? join(context.env.HOME ?? '', '.cargo'), 'registry/src');
  const command = ['cargo', 'build', '--release', '--target', TARGET, '-Z', 'build-std=std,panic_abort,panic_unwind,proc_macro,test'];
  await cargo(command, crate, prefix, context, {
    // Debian's compiler is a stable one; building std is for nightly ones, or with this.
    RUSTC_BOOTSTRAP: '1',
    // Without the bitcode, `lto = "fat"` fails in every crate that uses this library. Paths get into panic messages and
    // into the library's hash: with the cache's own in them, each user's wasm would have another size, and a library
    // built anew would not match what is already in a checkout's target folder.
    CARGO_ENCODED_RUSTFLAGS: [
      '-Cembed-bitcode=yes',
      ...[crates, realPath(crates)].map((path) => `--remap-path-prefix=${path}=/rust/deps`),
      ...[source, realPath(source)].map((path) => `--remap-path-prefix=${path}=/rustc`),
    ].join('\x1f'),
  });
  const built = join(crate, 'target', TARGET, 'release/deps');
  const libraries = join(prefix, 'lib/rustlib', TARGET, 'lib');
  mkdirSync(libraries, { recursive: true });
  for (const name of readdirSync(built)) {
    if (name.endsWith('.rlib') && !name.startsWith('libprobe-')) cpSync(join(built, name), join(libraries, name));
  }
  rmSync(crate, { recursive: true });
}

/** The proof: a library that allocates and formats links with LTO to a wasm file. */
async function verify(prefix, context) {
  const crate = join(prefix, '.verify');
  writeCrate(
    crate,
    '[lib]\ncrate-type = ["cdylib"]\n[profile.release]\npanic = "abort"\nlto = "fat"\n',
    '#[unsafe(no_mangle)]\npub extern "C" fn probe(n: usize) -> usize {\n    (0..n).map(|i| format!("{i}").len()).sum()\n}\n',
  );
  await cargo(['cargo', 'build', '--release', '--target', TARGET], crate, prefix, context, {});
  const wasm = readFileSync(join(crate, 'target', TARGET, 'release/probe.wasm'));
  if (!WebAssembly.validate(wasm))
    throw new SetupFailure(`set-up: stopped at: ${WHAT}\n  the toolchain in ${prefix} links a wasm file that is not valid`);
  rmSync(crate, { recursive: true });
}

function realPath(path) {
  return existsSync(path) ? realpathSync(path) : path;
}

function writeCrate(folder, manifest, source) {
  mkdirSync(join(folder, 'src'), { recursive: true });
  // A workspace of its own, wherever the cache is.
  writeFileSync(join(folder, 'Cargo.toml'), `[workspace]\n[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\n${manifest}`);
  writeFileSync(join(folder, 'src/lib.rs'), source);
}

async function cargo(command, cwd, prefix, context, extraEnv) {
  const env = { ...hostEnv(context), RUSTUP_TOOLCHAIN: prefix, ...extraEnv };
  const result = await run(command, { cwd, env, logFile: context.cache.logFile('debian-toolchain') });
  if (!result.ok) throw stepFailure(WHAT, [command.join(' ')], result, context, 'debian-toolchain');
}
