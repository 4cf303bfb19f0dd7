import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dependencies, download, install, isInstalled } from './apt.mjs';
import { SetupFailure, stepFailure } from './failure.mjs';
import { ask, run, which } from './process.mjs';

// Programs that run as services elsewhere. What is on PATH is taken. On Debian, what is not is unpacked into the cache
// instead of installed: the package of a service starts it at once and at every boot, on a port that may be somebody's.
// So no root is needed either, unless a library is missing.

/**
 * Each program: the environment variable that names it, where Debian's package has it, what asks it for its version,
 * and what to call it where Debian's names mean nothing.
 */
const PROGRAMS = {
  curl: { variable: 'CURL', package: 'curl', file: 'usr/bin/curl', version: '--version', label: 'curl' },
  nginx: { variable: 'NGINX', package: 'nginx', file: 'usr/sbin/nginx', version: '-v', label: 'nginx' },
  tinyproxy: { variable: 'TINYPROXY', package: 'tinyproxy-bin', file: 'usr/bin/tinyproxy', version: '-v', label: 'tinyproxy' },
};

/**
 * The path of a program, and the step to take if it is not there.
 * @param {'curl' | 'nginx' | 'tinyproxy'} name
 */
export function findProgram(name, context) {
  const program = PROGRAMS[name];
  const installed = context.env[program.variable] ?? which(name, context.env);
  if (installed) return { paths: { [name]: installed }, steps: [] };
  const path = context.cache.path(item(program), program.file);
  if (ask([path, program.version], context.env) !== null) return { paths: { [name]: path }, steps: [] };
  const libraries = context.system.debian ? missingLibraries(program, context) : [];
  return {
    paths: { [name]: path },
    steps: [
      {
        what: program.label,
        usual: '3 s',
        ...(context.system.debian && libraries.length === 0
          ? {}
          : { packages: libraries, labels: [`${program.label} (or its path in ${program.variable})`] }),
        act: () => place(program, context),
      },
    ],
  };
}

function item(program) {
  return `debian-${program.package}`;
}

function missingLibraries(program, context) {
  return dependencies(program.package, context).filter((name) => /^(lib|zlib)/.test(name) && !isInstalled(name, context));
}

async function place(program, context) {
  await context.cache.place(item(program), async (folder) => {
    const debs = mkdtempSync(join(folder, '.debs-'));
    await download([program.package], debs, context);
    // Empty package lists told of none before; now they are filled.
    const libraries = missingLibraries(program, context);
    if (libraries.length > 0) {
      const todo = `  to do: sudo apt-get install --no-install-recommends ${libraries.join(' ')}`;
      if (!context.system.root) throw new SetupFailure(`set-up: stopped at: ${program.label}\n${todo}`);
      await install(libraries, context);
    }
    for (const file of readdirSync(debs)) {
      const command = ['dpkg-deb', '-x', join(debs, file), folder];
      const result = await run(command, { cwd: folder, env: context.env, logFile: context.cache.logFile('apt') });
      if (!result.ok) throw stepFailure(program.label, [command.join(' ')], result, context, 'apt');
    }
    rmSync(debs, { recursive: true });
  });
}
