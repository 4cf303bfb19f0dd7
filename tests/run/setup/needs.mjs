import { findProgram } from './debian-programs.mjs';
import { findNodeModules } from './node-modules.mjs';
import { findPython } from './python.mjs';

// Programs that are not ours and that only some suites run beside ours. Each suite names what it needs, and a run of
// the others brings nothing of it.

/** Where the npm packages that only the tests need are listed and installed. */
const PEERS = 'tests/peers';

const FINDERS = {
  // Its `bin` stays out of PATH: `node` or a bundler from there would stand in for the project's own.
  peers: (context) => ({ steps: findNodeModules(context, PEERS).steps }),
  python: findPython,
  nginx: (context) => findProgram('nginx', context),
  perl: (context) => findProgram('perl', context),
  tinyproxy: (context) => findProgram('tinyproxy', context),
};

/** What a suite can need: npm packages, Python packages, servers. */
export const NEEDS = Object.keys(FINDERS);

/** The paths of what is needed, and the steps for what is missing. */
export function findNeeds(needs, context) {
  const found = needs.map((name) => FINDERS[name](context));
  return { paths: Object.assign({}, ...found.map((each) => each.paths)), steps: found.flatMap((each) => each.steps) };
}
