import { join } from 'node:path';
import { findCargoFuzz } from './cargo-tools.mjs';
import { findProgram } from './debian-programs.mjs';
import { findNodeModules } from './node-modules.mjs';
import { findPython } from './python.mjs';

// Programs that are not ours and that only some suites run beside ours. Each suite names what it needs, and a run of
// the others brings nothing of it.

/** Where the npm packages that only the tests need are listed and installed. */
const PEERS = 'tests/peers';

/** Where the bundlers, the type checker and the schema libraries are. */
const HOMES = 'tests/homes';

/** Where the frameworks are. */
const FRAMEWORKS = 'tests/frameworks';

/** Where Node, Deno and Bun are. */
const RUNTIMES = 'tests/runtimes';

const FINDERS = {
  curl: (context) => findProgram('curl', context),
  fuzz: findCargoFuzz,
  // Its `bin` stays out of PATH: `node` or a bundler from there would stand in for the project's own.
  peers: (context) => ({ steps: findNodeModules(context, PEERS).steps }),
  homes: (context) => ({ steps: findNodeModules(context, HOMES).steps }),
  // Next, Rspack and Metro: half a gigabyte.
  frameworks: (context) => ({ steps: findNodeModules(context, FRAMEWORKS).steps }),
  python: findPython,
  apache: (context) => findProgram('apache', context),
  haproxy: (context) => findProgram('haproxy', context),
  nginx: (context) => findProgram('nginx', context),
  perl: (context) => findProgram('perl', context),
  runtimes: findRuntimes,
  tinyproxy: (context) => findProgram('tinyproxy', context),
};

/** `paths`: node22, node24, node26, deno, bun. Out of PATH, as above. */
function findRuntimes(context) {
  const file = (name) => join(context.checkout, RUNTIMES, 'node_modules', name);
  return {
    paths: {
      node22: file('node22/bin/node'),
      node24: file('node24/bin/node'),
      node26: file('node26/bin/node'),
      deno: file('.bin/deno'),
      bun: file('.bin/bun'),
    },
    steps: findNodeModules(context, RUNTIMES).steps,
  };
}

/** What a suite can need: a fuzzer, programs, npm packages, Python packages, servers, runtimes. */
export const NEEDS = Object.keys(FINDERS);

/** The paths of what is needed, and the steps for what is missing. */
export function findNeeds(needs, context) {
  const found = needs.map((name) => FINDERS[name](context));
  return { paths: Object.assign({}, ...found.map((each) => each.paths)), steps: found.flatMap((each) => each.steps) };
}
