// What is published: both packages can be packed, say the same version, carry what they must and nothing else.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { root } from './build.mjs';
import { thirdParty } from './licences.mjs';
import { back, put } from './page.mjs';
import { capture } from './process.mjs';

const read = (file) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const quiet = { cwd: root, quiet: true };

/** Compares with the list that is committed in `tests/api`, so that a change is seen. After one that is meant: `WEBSOCKET_CHANNEL_UPDATE_API=1`. */
function listed(name, files) {
  const list = join(root, 'tests/api', name);
  const now = `${files.join('\n')}\n`;
  if (process.env.WEBSOCKET_CHANNEL_UPDATE_API) writeFileSync(list, now);
  assert.equal(existsSync(list) ? readFileSync(list, 'utf8') : '', now);
}

test('cargo package succeeds, and what it packs builds', async () => {
  const { ok, output } = await capture('cargo', ['package', '--locked', '--allow-dirty', '-p', 'websocket-channel'], quiet);
  assert.ok(ok, output);
  const list = await capture('cargo', ['package', '--locked', '--allow-dirty', '--list', '-p', 'websocket-channel'], quiet);
  const files = list.output.split('\n');
  for (const file of ['Cargo.toml', 'README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'src/lib.rs']) {
    assert.ok(files.includes(file), `${file} is not in the crate`);
  }
  assert.ok(!files.some((file) => file.startsWith('tests/') || file.startsWith('www/')), 'the crate carries tests or the page');
  // What cargo adds by itself depends on where it runs.
  const ours = files.filter((file) => file && !/^(?:\.cargo_vcs_info\.json|Cargo\.toml\.orig|Cargo\.lock)$|^ |^warning/.test(file));
  listed('crate.txt', ours.sort());
});

test('npm publish --dry-run succeeds, with an allow-list of files', async () => {
  const { ok, output } = await capture('npm', ['publish', '--dry-run', '--json', '--ignore-scripts'], quiet);
  assert.ok(ok, output);
  const packed = await capture('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], quiet);
  const found = JSON.parse(packed.output.slice(packed.output.search(/^[[{]/m)));
  const [{ files }] = Array.isArray(found) ? found : Object.values(found);
  const paths = files.map((file) => file.path).sort();
  // What is listed is there, and nothing comes along but what npm always packs.
  assert.deepEqual(paths, [...manifest.files, 'README.md', 'package.json'].sort());
  listed('npm.txt', paths);
  for (const needed of ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'CHANGELOG.md', 'src/js/README.md'])
    assert.ok(paths.includes(needed), needed);
});

test('the licences of what is compiled in are in the package', async () => {
  // Otherwise: node tests/run/licences.mjs
  assert.equal(read('THIRD-PARTY.md'), await thirdParty());
  assert.ok(manifest.files.includes('THIRD-PARTY.md'));
});

test('WASI is no browser: nothing of JavaScript is compiled for it', async () => {
  const tree = (target) => capture('cargo', ['tree', '--locked', '-p', 'websocket-channel', '-e', 'normal', '--target', target], quiet);
  for (const [target, isBrowser] of [
    ['wasm32-unknown-unknown', true],
    ['wasm32-wasip1', false],
    ['wasm32-unknown-emscripten', false],
  ]) {
    const { ok, output } = await tree(target);
    assert.ok(ok, output);
    assert.equal(/\bweb-sys v/.test(output), isBrowser, target);
  }
});

test('every path of the exports exists', () => {
  const paths = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(paths));
  const all = paths(manifest.exports);
  assert.ok(all.length >= 2);
  for (const path of all) assert.ok(existsSync(join(root, path)), path);
});

test('types come first in the exports, and the default last', () => {
  const orders = Object.values(manifest.exports).filter((entry) => typeof entry !== 'string');
  assert.ok(orders.length >= 3);
  for (const entry of orders) {
    const [first, ...others] = Object.keys(entry);
    assert.equal(first, 'types');
    // An entry of types alone has nothing else.
    if (others.length > 0) assert.equal(others.at(-1), 'default');
  }
});

test('every entry can be required, and every script has its map', () => {
  const scripts = Object.entries(manifest.exports).filter(([, entry]) => entry.default);
  assert.ok(scripts.length >= 4);
  for (const [name, entry] of scripts) {
    assert.match(entry.require, /\.cjs$/, name);
    assert.match(entry.types.require, /\.d\.cts$/, name);
  }
  const maps = manifest.files.filter((file) => file.endsWith('.map'));
  for (const file of manifest.files.filter((each) => /\.c?js$/.test(each) && !/development/.test(each))) {
    assert.ok(maps.includes(`${file}.map`), file);
    assert.ok(read(file).endsWith(`\n//# sourceMappingURL=${file.replace('dist/', '')}.map\n`), file);
    const { sources, sourcesContent } = JSON.parse(read(`${file}.map`));
    assert.ok(sources.length > 0 && sourcesContent.every(Boolean), file);
    // Below the package or beside it, never a place of this machine.
    for (const source of sources) assert.match(source, /^\.\.\/(src\/js|target|node_modules)\//);
  }
});

test('the classic script has the members that its types have', () => {
  const { WebSocketChannel } = runInNewContext(`${read('dist/websocket-channel.iife.js')}\n({ WebSocketChannel })`, {
    ...{ EventTarget, Event, AbortController, TextEncoder, TextDecoder, WebAssembly },
  });
  const values = [...read('src/js/index.d.ts').matchAll(/^export (?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(WebSocketChannel).sort(), values.sort());
});

test('no public type is any, and every entry has its comment', () => {
  const declarations = manifest.files.filter((file) => /\.d\.c?ts$/.test(file));
  assert.ok(declarations.length >= 4);
  for (const file of declarations) {
    const code = read(file).replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
    assert.doesNotMatch(code, /\bany\b/, file);
    // Everything that is exported says what it is.
    for (const [line] of read(file).matchAll(/^.*\n^export (?!\*|type \{)(?:class|interface|type|function|const) \w+/gm)) {
      assert.match(line, /\*\/\n/, `${file}: ${line.split('\n')[1]}`);
    }
  }
});

test('every member of every public type has its comment', () => {
  let members = 0;
  for (const file of ['src/js/index.d.ts', 'src/js/slim.d.ts', 'src/js/session.d.ts', 'src/js/messagepack.d.ts']) {
    let before = '';
    let name;
    for (const line of read(file).split('\n')) {
      const [, member] = line.match(/^ {2}(?:static )?(?:readonly )?([\w'~-]+|\[Symbol\.\w+\])(?=[?:(<])/) ?? [];
      // Of overloads the first one speaks for all.
      if (member && member !== name) {
        members += 1;
        assert.match(before, /\*\/$/, `${file}: ${line}`);
      }
      if (member || /^\S/.test(line)) name = member;
      before = line;
    }
  }
  assert.ok(members >= 70, `${members} members`);
});

test('the page of the package names every option, every code and every entry', () => {
  const page = read('src/js/README.md');
  const types = read('src/js/index.d.ts') + read('src/js/session.d.ts');
  const options = [...types.matchAll(/^(?:export )?interface (?:\w+Options?)(?:<\w+>)? \{([^]*?)\n\}/gm)].map(([, body]) => body).join('');
  const names = [...options.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
  assert.ok(names.length >= 12 && names.includes('codec') && names.includes('schema'), names.join());
  const codes = [...types.matchAll(/'([A-Z]+(?:_[A-Z]+)+|INTERNAL|REFUSED|CANCELLED)'/g)].map(([, code]) => code);
  assert.ok(codes.length >= 15);
  const entries = Object.keys(manifest.exports).filter((entry) => entry.length > 1 && entry !== './package.json');
  for (const name of [...names, ...codes, ...entries.map((entry) => `websocket-channel/${entry.slice(2)}`)]) {
    assert.ok(page.includes(`\`${name}\``), `${name} is missing`);
  }
});

test('crate and npm package have one version, and the changelog has it too', () => {
  const version = read('Cargo.toml').match(/^version = "(.+)"$/m)[1];
  assert.equal(manifest.version, version);
  assert.match(read('CHANGELOG.md'), new RegExp(`^## ${version.replaceAll('.', '\\.')}`, 'm'));
});

test('importing the package instantiates nothing', async () => {
  const instances = [];
  for (const name of ['Instance', 'Module', 'instantiate', 'compile']) {
    const original = WebAssembly[name];
    WebAssembly[name] = new Proxy(original, {
      apply: (...args) => (instances.push(name), Reflect.apply(...args)),
      construct: (...args) => (instances.push(name), Reflect.construct(...args)),
    });
  }
  const { Channel, WebSocket } = await import(join(root, 'dist/index.js'));
  for (const entry of [
    'slim.js',
    'slim.cjs',
    'session.js',
    'session.cjs',
    'messagepack.js',
    'messagepack.cjs',
    'index.cjs',
    'index.development.js',
    'websocket-channel.iife.js',
  ])
    await import(join(root, 'dist', entry));
  assert.deepEqual(instances, []);
  // And the watch works: a construction does instantiate, whatever this Node has for a socket.
  globalThis.WebSocket ??= class {};
  try {
    new WebSocket('ws://127.0.0.1:1/');
  } catch {
    // Node 20 has no WebSocket of its own to stand on.
  }
  assert.ok(instances.length > 0);
  assert.equal(typeof Channel, 'function');
});

test('every option and member on the page for those who come from another library is in a test', () => {
  const tried = read('tests/js/reconnect/coming_from.js');
  const rows = [...read('src/js/COMING-FROM.md').matchAll(/^\| (`[^|]+) \|.*$/gm)].filter(([row]) => !row.includes('| none'));
  assert.ok(rows.length > 20);
  const names = rows.flatMap(([, first]) => [...first.matchAll(/`(\w+)/g)].map(([, name]) => name));
  // What there is no counterpart of.
  const none = ['debugLogger', 'drainQueuedMessages', 'shouldReconnect', 'PartySocket', 'useWebSocket', 'usePartySocket'];
  assert.deepEqual(
    names.filter((name) => !tried.includes(name)),
    none.filter((name) => names.includes(name) && !tried.includes(name)),
  );
});

test('the JavaScript of the README is the JavaScript that the browser tests run', () => {
  const shown = read('tests/js/readme.js').split('// README begin\n')[1].split('// README end')[0];
  assert.ok(read('README.md').includes(`\`\`\`js\n${shown}\`\`\``));
});

test('every edit of the wasm found what it removes', () => {
  // Otherwise a panic is worded differently now, or gone: its line in tests/run/shorten.mjs has to change, or to go.
  assert.deepEqual(JSON.parse(read('target/npm/missing.json')), []);
});

test('the two lists of suites are one', async () => {
  const { output } = await capture('node', ['tests/run/test.mjs', '--list'], quiet);
  const named = [...read('tests/README.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(named, output.trim().split('\n'));
});

test('the package is one file: it fetches nothing and knows no place of its own', () => {
  const source = read('dist/index.js');
  assert.doesNotMatch(source, /import\.meta|\bfetch\(|\bimport\(/);
  // And the watch works: what is left out is in the glue that it was made from.
  assert.match(read('target/npm/websocket_channel.js'), /import\.meta[^]*\bfetch\(/);
});

test('the page on npm is that of JavaScript, and the README is restored', async () => {
  assert.match(manifest.scripts.prepack, /page\.mjs put$/);
  assert.match(manifest.scripts.postpack, /page\.mjs back$/);
  const folder = mkdtempSync(join(tmpdir(), 'websocket-channel-page-'));
  try {
    mkdirSync(join(folder, 'src/js'), { recursive: true });
    const readme = join(folder, 'README.md');
    writeFileSync(readme, 'the repository');
    writeFileSync(join(folder, 'src/js/README.md'), 'JavaScript');
    // Twice: the first run was interrupted.
    put(folder);
    put(folder);
    assert.equal(readFileSync(readme, 'utf8'), 'JavaScript');
    back(folder);
    assert.equal(readFileSync(readme, 'utf8'), 'the repository');
    assert.deepEqual(readdirSync(folder).sort(), ['README.md', 'src']);
  } finally {
    rmSync(folder, { recursive: true });
  }
  // A link that leads out of the page would lead nowhere on npm.
  const links = [...read('src/js/README.md').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  assert.deepEqual(
    links.filter((link) => !/^(https:|#)/.test(link)),
    [],
  );
});
