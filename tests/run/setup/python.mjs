import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepFailure } from './failure.mjs';
import { ask, run } from './process.mjs';

// The Python packages of tests/peers/requirements.txt, in a virtual environment of their own in the cache, so that
// nobody's Python is touched.

const REQUIREMENTS = 'tests/peers/requirements.txt';
/** What its packages need. */
const OLDEST = [3, 10];
/** Debian splits what makes virtual environments from Python itself. */
const PROBE = `import ensurepip, sys, venv; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;

/** The environment's Python, and the step to take if it is not there. */
export function findPython(context) {
  const requirements = readFileSync(join(context.checkout, REQUIREMENTS), 'utf8');
  const item = `python-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`;
  const python = context.cache.path(item, 'bin/python');
  // Asked rather than looked at: the system's Python that it links to may have become another.
  if (ask([python, '-c', `import ${modules(requirements).join(', ')}`], context.env) !== null) return { paths: { python }, steps: [] };
  const found = interpreter(context) !== null;
  return {
    paths: { python },
    steps: [
      {
        what: `Python packages of ${REQUIREMENTS}`,
        usual: '10 s',
        ...(found
          ? {}
          : {
              packages: ['python3', 'python3-venv'],
              labels: [`Python ${OLDEST.join('.')} or newer with its modules venv and ensurepip (or its path in PYTHON)`],
            }),
        act: () => place(item, context),
      },
    ],
  };
}

/** The modules' names are the packages' own. */
function modules(requirements) {
  return [...requirements.matchAll(/^([a-z0-9_]+)==/gm)].map((match) => match[1]);
}

/** A Python that can make the environment, or null. The system's own too, where another stands before it on PATH. */
function interpreter(context) {
  const named = context.env.PYTHON;
  const programs = named ? [named] : ['python3', '/usr/bin/python3'];
  return programs.find((program) => ask([program, '-c', PROBE], context.env) !== null) ?? null;
}

async function place(item, context) {
  await context.cache.place(item, async (folder) => {
    // Its scripts name the folder it was made in, which is not where it stays: packages are run by `python -m`.
    const python = join(folder, 'bin/python');
    const commands = [
      [interpreter(context) ?? 'python3', '-m', 'venv', folder],
      [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--retries=2', '--requirement', REQUIREMENTS],
    ];
    for (const command of commands) {
      const result = await run(command, { cwd: context.checkout, env: context.env, logFile: context.cache.logFile('python') });
      if (!result.ok) throw stepFailure(`Python packages of ${REQUIREMENTS}`, [command.join(' ')], result, context, 'python');
    }
  });
}
