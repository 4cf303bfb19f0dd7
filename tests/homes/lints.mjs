// What two tools say about the package as it is published: publint about its manifest and files, attw (Are the types wrong?) about its types.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageOf, tarball, versionOf } from './project.mjs';

const run = (file, ...args) =>
  promisify(execFile)(process.execPath, [join(packageOf(file), ...args[0]), ...args.slice(1)], {
    maxBuffer: 1 << 26,
    env: { ...process.env, NO_COLOR: '1' },
  }).catch((error) => error);

/** These have no types: a file to be served, a script that is no module, a manifest, and types alone. */
const UNTYPED = ['./websocket-channel.wasm', './websocket-channel.iife.js', './package.json', './global'];

export async function publint() {
  const { stdout, stderr, code = 0 } = await run('publint', ['src/cli.js'], tarball(), '--strict');
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout, /All good!/);
  return versionOf('publint');
}

export async function attw() {
  const args = [tarball(), '--format', 'json', '--exclude-entrypoints', ...UNTYPED];
  const { stdout, stderr, code = 0 } = await run('@arethetypeswrong/cli', ['dist/index.js'], ...args);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const { analysis } = JSON.parse(stdout);
  assert.deepEqual(analysis.problems ?? [], []);
  // It has looked at them all.
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), ['.', './messagepack', './no-wasm', './session', './slim']);
  return versionOf('@arethetypeswrong/cli');
}
