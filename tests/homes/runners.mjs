// Test runners that put a window in the place of Node's globals: the package in its own environment there, and a real connection.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageOf, project, versionOf, write } from './project.mjs';

const folder = join(project, 'runners');

async function said(node, args, env) {
  const options = { cwd: project, timeout: 60_000, env: { ...process.env, NO_COLOR: '1', ...env } };
  const { stdout, stderr } = await promisify(execFile)(node, args, options).catch((error) => error);
  return `${stdout}${stderr}`;
}

export async function jest(node, echo) {
  const config = {
    testEnvironment: 'jsdom',
    testEnvironmentOptions: { url: 'http://127.0.0.1/' },
    transform: {},
    testMatch: ['**/*.test.cjs'],
  };
  write('runners/jest.config.json', JSON.stringify(config));
  const args = [join(packageOf('jest'), 'bin/jest.js'), '--rootDir', folder, '--config', join(folder, 'jest.config.json')];
  const text = await said(node, args, { WEBSOCKET_CHANNEL_ECHO: echo });
  assert.match(text, /^Tests: +4 passed, 4 total$/m, text);
  return versionOf('jest');
}

/** @param {'jsdom' | 'happy-dom'} environment */
export async function vitest(environment, node, echo) {
  const config = join(folder, `vitest.${environment}.config.js`);
  write(`runners/vitest.${environment}.config.js`, `export default { test: { include: ['*.test.js'], environment: '${environment}' } };\n`);
  const args = [join(packageOf('vitest'), 'vitest.mjs'), 'run', '--root', folder, '--config', config];
  const text = await said(node, args, { WEBSOCKET_CHANNEL_ECHO: echo, WEBSOCKET_CHANNEL_WINDOW: environment });
  assert.match(text, /Tests +4 passed \(4\)/, text);
  return `${versionOf('vitest')}, ${environment} ${versionOf(environment)}`;
}
