// The lowest versions of dependencies that the published crate asks for are enough, natively and in a page: who pins one of them can use it.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './build.mjs';
import { capture } from './process.mjs';

const folder = join(root, 'target', 'minimal');
const env = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS_ENV ?? '{}');
/** What cargo says where there is no registry to ask. */
const OFFLINE = /failed to download|Could not resolve host|network failure|couldn't connect/i;

/** The manifest without what is only for tests, whose bounds are nobody's business. */
function published(manifest) {
  const sections = manifest.split(/^(?=\[)/m);
  const kept = sections.filter((section) => !/^\[(?:\[test\]|dev-dependencies|target\..*\.dev-dependencies|workspace)/.test(section));
  return `${kept.join('')}\n[workspace]\n`;
}

test('the lowest versions that the bounds allow', async (t) => {
  const quiet = { cwd: root, quiet: true };
  const packed = await capture('cargo', ['package', '--locked', '--allow-dirty', '--list', '-p', 'websocket-channel'], quiet);
  assert.ok(packed.ok, packed.output);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of packed.output.split('\n').filter((file) => /^(?:src\/|README|SECURITY)/.test(file)))
    cpSync(join(root, file), join(folder, file), { recursive: true });
  // The workspace's own lints and profiles are not the crate's.
  const manifest = readFileSync(join(root, 'Cargo.toml'), 'utf8').replace(/\[lints\]\nworkspace = true\n/, '');
  writeFileSync(join(folder, 'Cargo.toml'), published(manifest));

  const cargo = (args) => capture('cargo', args, { cwd: folder, env: { ...env, RUSTC_BOOTSTRAP: '1' }, quiet: true });
  const lock = await cargo(['generate-lockfile', '-Z', 'direct-minimal-versions']);
  if (!lock.ok && OFFLINE.test(lock.output)) return t.skip('there is no registry to ask');
  assert.ok(lock.ok, lock.output);
  // All that are for users: those that docs.rs shows.
  const [, listed] = manifest.match(/\[package\.metadata\.docs\.rs\]\nfeatures = \[(.*)\]/);
  const features = listed.replaceAll(/[" ]/g, '');
  for (const target of [[], ['--target', 'wasm32-unknown-unknown']]) {
    for (const chosen of [[], ['--features', features]]) {
      const args = ['check', '--locked', '--quiet', '--target-dir', join(root, 'target', 'minimal-target'), ...target, ...chosen];
      const { ok, output } = await cargo(args);
      assert.ok(ok, `cargo ${args.join(' ')}\n${output}`);
    }
  }
});
