import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dependencies, download, install, isInstalled } from './apt.mjs';
import { SetupFailure, stepFailure } from './failure.mjs';
import { ask, run, which } from './process.mjs';

// Programs that run as services elsewhere. What is on PATH is taken. On Debian, what is not is unpacked into the cache
// instead of installed: the package of a service starts it at once and at every boot, on a port that may be somebody's.
// So no root is needed either, unless a library is missing.

/**
 * Each: where it is if it is installed, where Debian's package has it, the question that it answers if it works there,
 * and what to call it where Debian's names mean nothing.
 */
const PROGRAMS = {
  curl: {
    installed: ({ env }) => env.CURL ?? which('curl', env),
    package: 'curl',
    file: 'usr/bin/curl',
    question: (path) => [path, '--version'],
    label: 'curl (or its path in CURL)',
  },
  apache: {
    installed: ({ env }) => env.APACHE ?? which('apache2', env),
    package: 'apache2-bin',
    file: 'usr/sbin/apache2',
    question: (path) => [path, '-v'],
    label: 'Apache (or its path in APACHE)',
  },
  haproxy: {
    installed: ({ env }) => env.HAPROXY ?? which('haproxy', env),
    package: 'haproxy',
    file: 'usr/sbin/haproxy',
    question: (path) => [path, '-v'],
    label: 'HAProxy (or its path in HAPROXY)',
  },
  nginx: {
    installed: ({ env }) => env.NGINX ?? which('nginx', env),
    package: 'nginx',
    file: 'usr/sbin/nginx',
    question: (path) => [path, '-v'],
    label: 'nginx (or its path in NGINX)',
  },
  tinyproxy: {
    installed: ({ env }) => env.TINYPROXY ?? which('tinyproxy', env),
    package: 'tinyproxy-bin',
    file: 'usr/bin/tinyproxy',
    question: (path) => [path, '-v'],
    label: 'tinyproxy (or its path in TINYPROXY)',
  },
  // No service, but another thing that needs no installation. Its path is the folder for `perl -I`.
  perl: {
    installed: ({ env }) => ask(['perl', '-MProtocol::WebSocket', '-e', 'print $INC{"Protocol/WebSocket.pm"} =~ s{/Protocol/.*}{}r'], env),
    package: 'libprotocol-websocket-perl',
    file: 'usr/share/perl5',
    question: (path) => ['perl', '-I', path, '-MProtocol::WebSocket', '-e', '1'],
    // Debian's smallest Perl has it not.
    needs: ({ env }) => (ask(['perl', '-MDigest::SHA', '-e', '1'], env) === null ? ['perl'] : []),
    label: 'Perl with its module Protocol::WebSocket',
  },
};

/**
 * The path of a program, and the step to take if it is not there.
 * @param {'apache' | 'curl' | 'haproxy' | 'nginx' | 'tinyproxy' | 'perl'} name
 */
export function findProgram(name, context) {
  const program = PROGRAMS[name];
  const installed = program.installed(context);
  if (installed) return { paths: { [name]: installed }, steps: [] };
  const path = context.cache.path(item(program), program.file);
  if (ask(program.question(path), context.env) !== null) return { paths: { [name]: path }, steps: [] };
  const libraries = context.system.debian ? missingLibraries(program, context) : [];
  return {
    paths: { [name]: path },
    steps: [
      {
        what: program.package,
        usual: '3 s',
        ...(context.system.debian && libraries.length === 0 ? {} : { packages: libraries, labels: [program.label] }),
        act: () => place(program, context),
      },
    ],
  };
}

function item(program) {
  return `debian-${program.package}`;
}

function missingLibraries(program, context) {
  const libraries = dependencies(program.package, context).filter((name) => /^(lib|zlib)/.test(name));
  return [...libraries.filter((name) => !isInstalled(name, context)), ...(program.needs?.(context) ?? [])];
}

async function place(program, context) {
  await context.cache.place(item(program), async (folder) => {
    const debs = mkdtempSync(join(folder, '.debs-'));
    await download([program.package], debs, context);
    // Empty package lists told of none before; now they are filled.
    const libraries = missingLibraries(program, context);
    if (libraries.length > 0) {
      const todo = `  to do: sudo apt-get install --no-install-recommends ${libraries.join(' ')}`;
      if (!context.system.root) throw new SetupFailure(`set-up: stopped at: ${program.package}\n${todo}`);
      await install(libraries, context);
    }
    for (const file of readdirSync(debs)) {
      const command = ['dpkg-deb', '-x', join(debs, file), folder];
      const result = await run(command, { cwd: folder, env: context.env, logFile: context.cache.logFile('apt') });
      if (!result.ok) throw stepFailure(program.package, [command.join(' ')], result, context, 'apt');
    }
    rmSync(debs, { recursive: true });
  });
}
