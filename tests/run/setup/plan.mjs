import { delimiter } from 'node:path';
import { findBrowsers } from './browsers.mjs';
import { findWasmBindgen, findWasmPack } from './cargo-tools.mjs';
import { install } from './apt.mjs';
import { SetupFailure } from './failure.mjs';
import { findNeeds } from './needs.mjs';
import { findNodeModules } from './node-modules.mjs';
import { which } from './process.mjs';
import { activeRust, atLeast } from './rust.mjs';
import { findWasmStd } from './wasm-std.mjs';

/**
 * @typedef {object} Step one missing thing
 * @property {string} what as the user would name it
 * @property {string} usual how long it usually takes
 * @property {() => Promise<void>} [act] brings it; may be left out if installing `packages` is all
 * @property {string[]} [packages] Debian packages that have to be installed, as root; elsewhere the user has to
 * @property {string[]} [labels] what is then to be installed elsewhere; given together with `packages`
 * @property {string[]} [maybePackages] Debian packages that may turn out to be needed
 */

/**
 * Looks at what is there; changes nothing.
 * @returns {Promise<{steps: Step[], tools: object}>} what is missing, in the order to bring it, and what there is
 */
export async function look(context, { tests, browsers, needs }) {
  const compiler = findCompiler(context);
  context.rust = activeRust(context);
  // Everything below asks Rust; a Rust that is missing or too old is one thing that set-up does not bring.
  if (!context.rust) throw new SetupFailure('set-up: Rust is missing (cargo, rustc); install it by rustup: https://rustup.rs');
  if (!atLeast(context.rust.version, context.neededRust)) {
    throw new SetupFailure(
      `set-up: Rust ${context.rust.version} is active, but this project needs ${context.neededRust}; \`rustup update stable\``,
    );
  }
  const std = await findWasmStd(context);
  const modules = findNodeModules(context);
  const bindgen = findWasmBindgen(context);
  const pack = tests ? findWasmPack(context) : { steps: [] };
  const chosen = tests ? findBrowsers(browsers, context) : { steps: [] };
  const needed = findNeeds(needs, context);
  const parts = [compiler, std, chosen, modules, bindgen, pack, needed];
  const bins = [bindgen.bin, pack.bin, chosen.bin, modules.bin].filter(Boolean);
  return {
    // The standard library first: it alone may find out late that it needs root, and then nothing is begun.
    steps: [
      ...compiler.steps,
      ...std.steps,
      ...[...chosen.steps, ...needed.steps].filter((step) => step.packages),
      ...modules.steps,
      ...bindgen.steps,
      ...pack.steps,
      ...[...chosen.steps, ...needed.steps].filter((step) => !step.packages),
    ],
    tools: {
      env: { PATH: [...bins, context.env.PATH].join(delimiter), ...std.env },
      paths: Object.assign({}, ...parts.map((part) => part.paths)),
    },
  };
}

/** Throws, naming everything, if something is missing that cannot be brought here. */
export function refuse(steps, context) {
  const { debian, root, name } = context.system;
  const packaged = steps.filter((step) => step.packages);
  const packages = [...new Set(packaged.flatMap((step) => step.packages))];
  const labels = packaged.flatMap((step) => step.labels);
  if (packaged.length === 0) return;
  if (!debian) {
    throw new SetupFailure(
      [
        `set-up: on ${name} it installs no system packages. Install these, then run it again:`,
        ...labels.map((label) => `  - ${label}`),
        'Nothing was installed.',
      ].join('\n'),
    );
  }
  if (!root) {
    const maybe = steps.flatMap((step) => step.maybePackages ?? []);
    throw new SetupFailure(
      [
        'set-up: some of what is missing needs root. Run this, then set-up again:',
        `  sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
        ...(maybe.length > 0
          ? [
              `and, only where \`rustup target add wasm32-unknown-unknown\` cannot download:`,
              `  sudo apt-get install --no-install-recommends ${maybe.join(' ')}`,
            ]
          : []),
        'Nothing was installed.',
      ].join('\n'),
    );
  }
}

/** A C compiler links what is compiled for this machine: build scripts, the test server, the tools. */
function findCompiler(context) {
  if (which(['cc', 'gcc', 'clang'], context.env)) return { steps: [] };
  return {
    steps: [
      { what: 'C compiler (the linker of native Rust)', usual: '20 s', packages: ['gcc', 'libc6-dev'], labels: ['a C compiler (cc)'] },
    ],
  };
}

/** Does one step. */
export async function take(step, context) {
  if (step.packages?.length > 0) await install(step.packages, context);
  await step.act?.();
}
