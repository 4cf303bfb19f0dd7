// The set-up, with its real parts: processes, packages, compilers. Run by `node --test`; needs what set-up brings.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setup, SetupFailure } from './setup.mjs';
import { download, forgetRefreshed } from './setup/apt.mjs';
import { Cache } from './setup/cache.mjs';
import { findNeeds } from './setup/needs.mjs';
import { take } from './setup/plan.mjs';
import { which } from './setup/process.mjs';
import { atLeast, lockedVersion } from './setup/rust.mjs';
import { describeSystem } from './setup/system.mjs';
import { versionsOf } from './versions.mjs';

const SETUP = fileURLToPath(new URL('setup.mjs', import.meta.url));
const CACHE_MODULE = pathToFileURL(fileURLToPath(new URL('setup/cache.mjs', import.meta.url))).href;
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const system = describeSystem('/etc/os-release');
/** Debian's "nobody". */
const NOBODY = 65534;

let scratch;
let tools;
before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'set-up-test-'));
  chmodSync(scratch, 0o755);
  tools = await setup({ log() {} });
});
after(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
function newFolder() {
  folders += 1;
  const folder = join(scratch, `${folders}`);
  mkdirSync(folder);
  return folder;
}

/** A PATH with what set-up needs to look around, and no browser. */
function pathWithoutBrowsers() {
  const folder = newFolder();
  for (const name of ['node', 'npm', 'cargo', 'rustc', 'rustup', 'cc', 'apt-cache', 'apt-get', 'dpkg-query', 'dpkg-deb', 'tar', 'perl']) {
    const file = which(name, process.env);
    // Scripts, not links: access(2) ignores the capability by which "nobody" runs what is in root's home folder.
    if (file) writeFileSync(join(folder, name), `#!/bin/sh\nexec '${file}' "$@"\n`, { mode: 0o755 });
  }
  return folder;
}

/** What a cache folder holds that a later run could take for finished, or trip over. */
function remains(cache) {
  return existsSync(cache) ? readdirSync(cache).filter((name) => !['.logs', '.build'].includes(name)) : [];
}

function runSetup(args, env, wrapper = []) {
  const command = [...wrapper, process.execPath, SETUP, ...args];
  return spawnSync(command[0], command.slice(1), { env, encoding: 'utf8', timeout: 120_000 });
}

function assertNoStackTrace(result) {
  assert.doesNotMatch(result.stdout + result.stderr, /^ {4}at /m);
}

describe('when all is there', () => {
  test('a run takes less than 2 s and prints one line', () => {
    const began = Date.now();
    const result = runSetup([], process.env);
    const took = Date.now() - began;
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^set-up: all there \(.*\)\n$/);
    assert.equal(result.stderr, '');
    assert.ok(took < 2_000, `took ${took} ms`);
  });

  test('wasm-bindgen and its test runner have the version of Cargo.lock', () => {
    const version = lockedVersion(CHECKOUT, 'wasm-bindgen');
    for (const program of [tools.paths.wasmBindgen, tools.paths.wasmBindgenTestRunner]) {
      assert.ok(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim().endsWith(` ${version}`), program);
    }
  });

  test('its environment compiles, links with LTO and lints for wasm32', () => {
    const crate = newFolder();
    mkdirSync(join(crate, 'src'));
    writeFileSync(
      join(crate, 'Cargo.toml'),
      '[workspace]\n[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\n[lib]\ncrate-type = ["cdylib"]\n[profile.release]\nlto = "fat"\npanic = "abort"\n',
    );
    writeFileSync(
      join(crate, 'src/lib.rs'),
      '#[unsafe(no_mangle)]\npub extern "C" fn probe(n: usize) -> usize {\n    format!("{n}").len()\n}\n',
    );
    const env = { ...process.env, ...tools.env, CARGO_TARGET_DIR: join(crate, 'target') };
    for (const args of [['build', '--release'], ['clippy']]) {
      const result = spawnSync('cargo', [...args, '--target', 'wasm32-unknown-unknown'], { cwd: crate, env, encoding: 'utf8' });
      assert.equal(result.status, 0, result.stderr);
    }
    assert.ok(WebAssembly.validate(readFileSync(join(crate, 'target/wasm32-unknown-unknown/release/probe.wasm'))));
  });
});

describe('when system packages are missing', () => {
  test('without root it names them, with the command that installs them, and installs nothing', (t) => {
    if (!system.debian) return t.skip('needs Debian');
    const home = newFolder();
    const cache = join(home, 'cache');
    let wrapper = [];
    if (system.root) {
      // The user's Rust is in a home folder that only root may read; the one capability left is to read it.
      wrapper = [
        'setpriv',
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        '--clear-groups',
        '--inh-caps=-all,+dac_read_search',
        '--ambient-caps=-all,+dac_read_search',
      ];
      const works = spawnSync(wrapper[0], [
        ...wrapper.slice(1),
        process.execPath,
        '-e',
        `process.exit(process.getuid() === ${NOBODY} ? 0 : 1)`,
      ]);
      if (works.status !== 0) return t.skip('setpriv cannot become nobody here');
      chownSync(home, NOBODY, NOBODY);
    }
    const rustHomes = {
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup'),
      CARGO_HOME: process.env.CARGO_HOME ?? join(homedir(), '.cargo'),
    };
    const env = { PATH: pathWithoutBrowsers(), HOME: home, ...rustHomes, WEBSOCKET_CHANNEL_CACHE: cache };
    const result = runSetup(['--tests'], env, wrapper.length > 0 ? [which('setpriv', process.env), ...wrapper.slice(1)] : []);
    assert.equal(result.status, 2, result.stdout + result.stderr);
    assert.match(result.stderr, /^ {2}sudo apt-get install --no-install-recommends .*\bchromium chromium-driver firefox-esr\b.*\bxvfb\b/m);
    assert.match(result.stderr, /Nothing was installed/);
    assertNoStackTrace(result);
    assert.deepEqual(remains(cache), []);
  });

  test('on another system it names the programs and installs nothing', async () => {
    const cache = join(newFolder(), 'cache');
    const osRelease = join(newFolder(), 'os-release');
    writeFileSync(osRelease, 'ID=plan9\nID_LIKE="debian"\nPRETTY_NAME="Plan 9 from Bell Labs"\n');
    const env = { ...process.env, PATH: pathWithoutBrowsers(), WEBSOCKET_CHANNEL_CACHE: cache };
    const lines = [];
    await assert.rejects(setup({ tests: true, env, osRelease, log: (line) => lines.push(line) }), (error) => {
      assert.ok(error instanceof SetupFailure, error.stack);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, /on Plan 9 from Bell Labs/);
      for (const program of ['Chromium', 'ChromeDriver', 'Firefox', 'WebKitWebDriver', 'Xvfb', 'nginx', 'tinyproxy'])
        assert.match(error.message, new RegExp(`^ {2}- ${program}`, 'm'));
      assert.doesNotMatch(error.message, /apt-get/);
      return true;
    });
    assert.deepEqual(lines, []);
    assert.deepEqual(remains(cache), []);
  });

  test('a browser that was not chosen is not required, nor tools that no chosen suite needs', async () => {
    const osRelease = join(newFolder(), 'os-release');
    writeFileSync(osRelease, 'ID=plan9\n');
    const env = { ...process.env, PATH: pathWithoutBrowsers(), WEBSOCKET_CHANNEL_CACHE: join(newFolder(), 'cache') };
    await assert.rejects(setup({ tests: true, browsers: ['firefox'], needs: ['nginx'], env, osRelease, log() {} }), (error) => {
      assert.match(error.message, /Firefox/);
      assert.match(error.message, /nginx/);
      assert.doesNotMatch(error.message, /Chrom|WebKit|Xvfb|Python|tinyproxy/);
      return true;
    });
  });

  test('a program named by its variable is used', async () => {
    const osRelease = join(newFolder(), 'os-release');
    writeFileSync(osRelease, 'ID=plan9\n');
    const env = {
      ...process.env,
      PATH: pathWithoutBrowsers(),
      CHROMIUM: '/opt/chromium',
      WEBSOCKET_CHANNEL_CACHE: join(newFolder(), 'cache'),
    };
    await assert.rejects(setup({ tests: true, browsers: ['chromium'], env, osRelease, log() {} }), (error) => {
      assert.match(error.message, /^ {2}- ChromeDriver/m);
      assert.doesNotMatch(error.message, /^ {2}- Chromium/m);
      return true;
    });
  });
});

describe('the head line of a suite', () => {
  test('has the version that its browser says of itself', async (t) => {
    for (const [browser, variable] of [
      ['chromium', 'chromium'],
      ['firefox', 'firefox'],
    ]) {
      const { paths } = await setup({ tests: true, browsers: [browser], needs: [], log() {} });
      const said = spawnSync(paths[variable], ['--version'], { encoding: 'utf8' }).stdout;
      const [line, ...more] = versionsOf({ browser }, { paths });
      assert.deepEqual(more, []);
      assert.match(line, /^(Chromium|Firefox) \d+\.\d+/);
      assert.ok(said.includes(line.split(' ')[1]), `${said} is not ${line}`);
    }
    if (!system.debian) return t.skip('WebKitGTK is asked of Debian');
    const { paths } = await setup({ tests: true, browsers: ['webkit'], needs: [], log() {} });
    assert.match(versionsOf({ browser: 'webkit' }, { paths })[0], /^WebKitGTK 2\.\d+\.\d+$/);
  });

  test('has the version of each runtime, and nothing where all is native', async () => {
    const tools = await setup({ tests: true, browsers: [], needs: ['runtimes'], log() {} });
    const versions = versionsOf({ needs: ['runtimes'] }, tools);
    for (const [at, name] of ['Node 22', 'Node 24', 'Deno ', 'Bun '].entries()) assert.ok(versions[at].startsWith(name), versions[at]);
    assert.deepEqual(versionsOf({}, tools), []);
  });

  test('says so where a program does not tell', () => {
    const paths = { chromium: join(newFolder(), 'silent') };
    writeFileSync(paths.chromium, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    assert.deepEqual(versionsOf({ browser: 'chromium' }, { paths }), ['Chromium (it does not tell its version)']);
  });
});

describe('package lists', () => {
  const NAME = 'set-up-test-package';

  /** An archive of one package on a free port, and an apt of this test's own that knows no other. */
  async function archive(t) {
    const folder = newFolder();
    const server = createServer(({ url }, response) => {
      const file = join(folder, 'archive', url);
      if (!existsSync(file)) return response.writeHead(404).end();
      return response.end(readFileSync(file));
    });
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    t.after(() => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())));
    for (const name of ['archive', 'lists/partial', 'cache/archives/partial', 'files', 'etc'])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'sources.list'), `deb [trusted=yes] http://127.0.0.1:${server.address().port}/ ./\n`);
    writeFileSync(
      join(folder, 'apt.conf'),
      [
        `Dir::State::lists "${folder}/lists";`,
        `Dir::Cache "${folder}/cache";`,
        `Dir::Etc::sourcelist "${folder}/sources.list";`,
        `Dir::Etc::sourceparts "${folder}/etc";`,
        'Acquire::http::Proxy "DIRECT";',
        '',
      ].join('\n'),
    );
    const release = (version) => {
      const tree = join(folder, version);
      mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
      const control = `Package: ${NAME}\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: for a test\n`;
      writeFileSync(join(tree, 'DEBIAN/control'), control);
      const file = `${NAME}_${version}_all.deb`;
      const built = spawnSync('dpkg-deb', ['-b', '--root-owner-group', tree, join(folder, 'archive', file)], { encoding: 'utf8' });
      assert.equal(built.status, 0, built.stderr);
      const bytes = readFileSync(join(folder, 'archive', file));
      const sum = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(folder, 'archive/Packages'), `${control}Filename: ./${file}\nSize: ${bytes.length}\nSHA256: ${sum}\n`);
    };
    const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
    // With folders of its own, apt needs no root.
    const context = { env, system: { ...system, root: true }, cache: new Cache(join(folder, 'tools')) };
    const age = (days) => {
      const time = Date.now() / 1000 - days * 24 * 60 * 60;
      for (const name of ['lists/partial', 'lists']) utimesSync(join(folder, name), time, time);
    };
    const brought = async () => {
      await download([NAME], join(folder, 'files'), context);
      return readdirSync(join(folder, 'files')).map((name) => name.split('_')[1]);
    };
    return { release, age, brought, folder, update: () => spawnSync('apt-get', ['update'], { env }) };
  }

  for (const [days, version] of [
    [0.9, '1'],
    [1.1, '2'],
  ]) {
    test(`that are ${days} days old bring version ${version} of a package that has a second one`, async (t) => {
      if (!system.debian) return t.skip('needs Debian');
      const { release, age, brought, folder } = await archive(t);
      release('1');
      assert.deepEqual(await brought(), ['1']);
      rmSync(join(folder, 'files', `${NAME}_1_all.deb`));
      release('2');
      age(days);
      // An age is looked at once in a run.
      forgetRefreshed();
      assert.deepEqual(await brought(), [version]);
    });
  }

  test('that are old are used when the archive cannot be reached', async (t) => {
    if (!system.debian) return t.skip('needs Debian');
    const { release, age, folder, brought } = await archive(t);
    release('1');
    await brought();
    // The list is there, and the package in apt's way; the archive has no list any more.
    rmSync(join(folder, 'archive/Packages'));
    age(30);
    forgetRefreshed();
    assert.deepEqual(await brought(), ['1']);
  });
});

describe('tools that only some suites need', () => {
  /** As set-up's own, with an empty cache, for somebody who is not root. */
  const context = () => ({
    checkout: CHECKOUT,
    cache: new Cache(newFolder()),
    env: { ...process.env, PATH: pathWithoutBrowsers() },
    system: { ...system, root: false },
    log() {},
  });

  for (const name of ['nginx', 'haproxy', 'apache', 'perl', 'tinyproxy']) {
    test(`${name} is unpacked into the cache: nothing is installed, so no service is started`, async (t) => {
      if (!system.debian) return t.skip('needs Debian');
      const mine = context();
      const { steps, paths } = findNeeds([name], mine);
      if (steps[0].packages) return t.skip(`libraries are missing that only root installs: ${steps[0].packages.join(' ')}`);
      await take(steps[0], mine);
      assert.deepEqual(findNeeds([name], mine).steps, [], 'it is found now');
      assert.ok(paths[name].startsWith(mine.cache.folder));
      assert.ok(existsSync(paths[name]));
    });
  }

  test('the Python packages go to an environment of their own, named for what it holds', async () => {
    const mine = context();
    const { steps, paths } = findNeeds(['python'], mine);
    await take(steps[0], mine);
    assert.deepEqual(findNeeds(['python'], mine).steps, [], 'it is found now');
    assert.ok(paths.python.startsWith(mine.cache.folder));
    assert.deepEqual(readdirSync(mine.cache.folder).filter((item) => !item.startsWith('.')).length, 1);
    const where = spawnSync(paths.python, ['-c', 'import websockets; print(websockets.__file__)'], { encoding: 'utf8' }).stdout;
    assert.ok(where.startsWith(mine.cache.folder), where);
  });

  test('an environment whose Python is gone is made again', async () => {
    const mine = context();
    const { paths } = findNeeds(['python'], mine);
    mkdirSync(dirname(paths.python), { recursive: true });
    symlinkSync(join(mine.cache.folder, 'gone'), paths.python);
    assert.equal(findNeeds(['python'], mine).steps.length, 1);
  });
});

test('without network and with an empty cache it says what to do and leaves nothing half-made', (t) => {
  const cache = join(newFolder(), 'cache');
  const env = { ...process.env, WEBSOCKET_CHANNEL_CACHE: cache };
  let wrapper = ['unshare', '--map-root-user', '--net', '--'];
  if (spawnSync(wrapper[0], [...wrapper.slice(1), 'true']).status !== 0) {
    t.diagnostic('no network namespaces here: a proxy that does not answer instead');
    wrapper = [];
    for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) env[name] = 'http://127.0.0.1:9';
  }
  const result = runSetup([], env, wrapper);
  assert.equal(result.status, 2, result.stdout + result.stderr);
  assert.match(result.stderr, /^set-up: stopped at: /m);
  assert.match(result.stderr, /^ {2}tried: /m);
  assert.match(result.stderr, /^ {2}to do: this looks like no network .* Run the same command again/m);
  assertNoStackTrace(result);
  assert.deepEqual(remains(cache), []);
});

describe('interrupted while it compiles a tool', () => {
  // The same cache both times: the second run goes on where the first was ended.
  let cache;
  before(() => {
    cache = join(newFolder(), 'cache');
  });
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    test(`by ${signal} it ends its children, leaves nothing that looks finished, and can be run again`, async () => {
      // With the wasm32 library already there, the first thing that is missing is a crate to compile. Were it not, this
      // test should not change the user's toolchain.
      const env = {
        ...process.env,
        ...tools.env,
        PATH: process.env.PATH,
        WEBSOCKET_CHANNEL_CACHE: cache,
        RUSTUP_DIST_SERVER: 'http://127.0.0.1:9',
      };
      const child = spawn(process.execPath, [SETUP], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      child.stdout.on('data', (chunk) => (output += chunk));
      child.stderr.on('data', (chunk) => (output += chunk));
      const ended = new Promise((resolve) => child.on('close', resolve));
      const log = join(cache, '.logs', `wasm-bindgen-${lockedVersion(CHECKOUT, 'wasm-bindgen')}.log`);
      rmSync(log, { force: true });
      const compiling = () => existsSync(log) && /^ +Compiling /m.test(readFileSync(log, 'utf8'));
      await until(
        () => compiling() || child.exitCode !== null,
        50_000,
        () => output,
      );
      assert.equal(child.exitCode, null, output);
      assert.ok(
        remains(cache).some((name) => name.startsWith('.unfinished-')),
        'it was at work',
      );
      child.kill(signal);
      assert.equal(await ended, exitCode, output);
      assert.match(output, /run it again to go on/);
      assertNoStackTrace({ stdout: output, stderr: '' });
      assert.deepEqual(remains(cache), []);
      assert.deepEqual(processesUsing(cache), []);
    });
  }
});

describe('the cache', () => {
  test('keeps nothing of an item whose making failed, and makes it the next time', async () => {
    const cache = new Cache(newFolder());
    const failing = cache.place('tool-1.0.0', async (folder) => {
      writeFileSync(join(folder, 'half'), '');
      throw new Error('disk full');
    });
    await assert.rejects(failing, /disk full/);
    assert.deepEqual(remains(cache.folder), []);
    await cache.place('tool-1.0.0', async (folder) => writeFileSync(join(folder, 'whole'), ''));
    assert.deepEqual(readdirSync(cache.path('tool-1.0.0')), ['whole']);
  });

  test('does not show an item before it is whole', async () => {
    const cache = new Cache(newFolder());
    await cache.place('tool-1.0.0', async () => assert.deepEqual(cache.names(), []));
    assert.deepEqual(cache.names(), ['tool-1.0.0']);
  });

  test('removes what a killed run left, and nothing else', () => {
    const cache = new Cache(newFolder());
    mkdirSync(cache.path('.unfinished-1-tool-1.0.0'));
    mkdirSync(cache.path('tool-0.9.0'));
    cache.sweep();
    assert.deepEqual(remains(cache.folder), ['tool-0.9.0']);
  });

  test('lets one run in at a time', async () => {
    const folder = newFolder();
    const journal = join(folder, 'journal');
    const program = `
      import { appendFileSync } from 'node:fs';
      import { Cache } from ${JSON.stringify(CACHE_MODULE)};
      const unlock = await new Cache(${JSON.stringify(folder)}).lock(() => {});
      appendFileSync(${JSON.stringify(journal)}, 'in ');
      await new Promise((wake) => setTimeout(wake, 150));
      appendFileSync(${JSON.stringify(journal)}, 'out ');
      unlock();`;
    await Promise.all([1, 2, 3].map(() => nodeRuns(program)));
    assert.equal(readFileSync(journal, 'utf8'), 'in out in out in out ');
  });

  test('takes over the lock of a run that was killed', async () => {
    const folder = newFolder();
    await nodeRuns(`
      import { Cache } from ${JSON.stringify(CACHE_MODULE)};
      await new Cache(${JSON.stringify(folder)}).lock(() => {});
      process.kill(process.pid, 'SIGKILL');`);
    assert.equal(readdirSync(join(folder, '.lock')).length, 1, 'the dead one left its lock');
    // In a process of its own, so that waiting for ever is a failure and not a hang.
    const next = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
      import { Cache } from ${JSON.stringify(CACHE_MODULE)};
      const unlock = await new Cache(${JSON.stringify(folder)}).lock(console.log);
      unlock();`,
      ],
      { encoding: 'utf8', timeout: 10_000 },
    );
    assert.equal(next.status, 0, next.stderr);
    assert.equal(next.stdout, '', 'nobody is waited for');
    assert.equal(existsSync(join(folder, '.lock')), false);
  });
});

test('the version of a crate is read from Cargo.lock, by its whole name', () => {
  const checkout = newFolder();
  writeFileSync(
    join(checkout, 'Cargo.lock'),
    'version = 4\n\n[[package]]\nname = "wasm-bindgen-macro"\nversion = "9.9.9"\n\n[[package]]\nname = "wasm-bindgen"\nversion = "1.2.3"\n',
  );
  assert.equal(lockedVersion(checkout, 'wasm-bindgen'), '1.2.3');
  assert.throws(() => lockedVersion(checkout, 'wasm'), /names no version of wasm/);
});

test('versions are compared by number', () => {
  for (const [a, b, expected] of [
    ['1.95.0', '1.95', true],
    ['1.100.0', '1.95', true],
    ['1.94.9', '1.95', false],
    ['1.97.0-nightly', '1.96.1', true],
  ]) {
    assert.equal(atLeast(a, b), expected, `${a} ≥ ${b}`);
  }
});

async function nodeRuns(program) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  await new Promise((resolve) => child.on('close', resolve));
}

async function until(condition, timeoutMs, describeState) {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) assert.fail(`not within ${timeoutMs} ms:\n${describeState()}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** The command lines of living processes that mention a folder (Linux only; none elsewhere). */
function processesUsing(folder) {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(folder) ? [line] : [];
      } catch {
        return [];
      }
    });
}
