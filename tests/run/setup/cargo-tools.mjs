import { dirname } from 'node:path';
import { stepFailure } from './failure.mjs';
import { ask, isExecutable, run, which } from './process.mjs';
import { hostEnv, lockedVersion } from './rust.mjs';

// Tools that are published as crates and compiled here.

/** The versions the tests were last run with. wasm-bindgen's is not ours to choose: it must equal the crate's. */
const WASM_PACK = '0.15.1';
const GECKODRIVER = '0.37.1';
const CARGO_FUZZ = '0.13.2';

/**
 * They mostly wait for browsers and files: optimised fully they are no quicker at what the tests ask of them, and take
 * a third longer to compile.
 */
const QUICK_BUILD = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_DEBUG: '0',
};

/** `wasm-bindgen` and its test runner, at exactly the version in Cargo.lock: any other refuses our wasm. */
export function findWasmBindgen(context) {
  const version = lockedVersion(context.checkout, 'wasm-bindgen');
  const tool = findTool(
    {
      crate: 'wasm-bindgen-cli',
      name: 'wasm-bindgen',
      label: 'wasm-bindgen CLI',
      version,
      programs: ['wasm-bindgen', 'wasm-bindgen-test-runner'],
      usual: '2 min',
    },
    context,
  );
  return { ...tool, paths: { wasmBindgen: tool.programs[0], wasmBindgenTestRunner: tool.programs[1] } };
}

export function findWasmPack(context) {
  const tool = findTool(
    { crate: 'wasm-pack', name: 'wasm-pack', label: 'wasm-pack', version: WASM_PACK, programs: ['wasm-pack'], usual: '2 min' },
    context,
  );
  return { ...tool, paths: { wasmPack: tool.programs[0] } };
}

/** cargo-fuzz, and a C++ compiler: it brings libFuzzer as source. */
export function findCargoFuzz(context) {
  const tool = findTool(
    { crate: 'cargo-fuzz', name: 'cargo-fuzz', label: 'cargo-fuzz', version: CARGO_FUZZ, programs: ['cargo-fuzz'], usual: '1 min' },
    context,
  );
  const compiler = which(['c++', 'g++', 'clang++'], context.env)
    ? []
    : [{ what: 'C++ compiler (for libFuzzer)', usual: '20 s', packages: ['g++'], labels: ['a C++ compiler (c++)'] }];
  return { paths: { cargoFuzz: tool.programs[0] }, steps: [...compiler, ...tool.steps] };
}

/** Any geckodriver will do, so one that is installed is taken. */
export function findGeckodriver(context) {
  const installed = context.env.GECKODRIVER ?? which('geckodriver', context.env);
  if (installed) return { paths: { geckodriver: installed }, steps: [] };
  const tool = findTool(
    { crate: 'geckodriver', name: 'geckodriver', label: 'geckodriver', version: GECKODRIVER, programs: ['geckodriver'], usual: '1 min' },
    context,
  );
  return { ...tool, paths: { geckodriver: tool.programs[0] } };
}

function findTool({ crate, name, label, version, programs, usual }, context) {
  const item = `${name}-${version}`;
  const here = programs.map((program) => context.cache.path(item, 'bin', program));
  if (here.every(isExecutable)) return { programs: here, bin: dirname(here[0]), steps: [] };
  const onPath = programs.map((program) => which(program, context.env));
  if (onPath.every(Boolean) && ask([onPath[0], '--version'], context.env)?.split(/\s+/).includes(version)) {
    return { programs: onPath, bin: null, steps: [] };
  }
  return {
    programs: here,
    bin: dirname(here[0]),
    steps: [{ what: `${label} ${version}`, usual: `${usual} (compiled here)`, act: () => installCrate(crate, version, item, context) }],
  };
}

async function installCrate(crate, version, item, context) {
  await context.cache.place(item, async (folder) => {
    const base = ['cargo', 'install', crate, '--version', version, '--root', folder, '--target-dir', context.cache.buildFolder];
    // As published first. A registry mirror that lags behind may lack a version that the published lock names, which
    // takes a second to learn; then any compatible versions do.
    const attempts = [[...base, '--locked'], base];
    const tried = [];
    let result;
    for (const command of attempts) {
      result = await run(command, {
        cwd: folder,
        env: { ...hostEnv(context), ...QUICK_BUILD },
        logFile: context.cache.logFile(item),
      });
      tried.push(
        command
          .slice(0, 5)
          .concat(command.includes('--locked') ? '--locked' : [])
          .join(' '),
      );
      if (result.ok) return;
      if (!/failed to select a version|lock file .*needs to be updated/.test(result.output)) break;
    }
    throw stepFailure(`${crate} ${version}`, tried, result, context, item);
  });
}
