// Frameworks and bundlers that take long or much room. Each as its own documentation begins: nothing is configured for this package.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../run/build.mjs';
import { framework, frameworkFile, frameworkVersion, project, write } from './project.mjs';

const exec = promisify(execFile);

/** Makes such a package one of the project. */
function link(name) {
  const place = join(project, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  rmSync(place, { force: true });
  symlinkSync(frameworkFile(name), place);
}

/** Builds a page by Rspack, and tells it. */
export async function rspack() {
  const { rspack: run } = await framework('@rspack/core');
  const main = write(
    'rspack-src/main.js',
    `import * as library from 'websocket-channel';
import { exchange } from '../exchange.js';
window.outcome = exchange(library, new URLSearchParams(location.search).get('url')).catch((error) => error.stack);
`,
  );
  const stats = await promisify(run)({ mode: 'production', context: project, entry: main, output: { path: join(project, 'rspack') } });
  assert.deepEqual(stats.toJson({ all: false, errors: true }).errors, []);
  write('rspack/index.html', '<!doctype html><meta charset="utf-8" /><title>home</title><script src="main.js"></script>\n');
  return 'rspack/index.html';
}

const NEXT = {
  'package.json': JSON.stringify({ private: true, type: 'module' }),
  // The package and Next are in other folders of this repository than an application has them.
  'next.config.mjs': `export default { turbopack: { root: ${JSON.stringify(root)} }, outputFileTracingRoot: ${JSON.stringify(root)} };\n`,
  'app/layout.js': `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
  // Rendered on the server first, where it is imported, too.
  'app/page.js': `'use client';
import { useEffect } from 'react';
import * as library from 'websocket-channel';
import { exchange } from '../../exchange.js';
export default function Page() {
  useEffect(() => {
    const url = new URLSearchParams(location.search).get('url');
    window.outcome = exchange(library, url).catch((error) => error.stack);
  }, []);
  return <p>home</p>;
}
`,
  'app/node/route.js': `import * as library from 'websocket-channel';
import { exchange } from '../../../exchange.js';
export const dynamic = 'force-dynamic';
export async function GET(request) {
  return new Response(await exchange(library, new URL(request.url).searchParams.get('url')).catch((error) => error.stack));
}
`,
};

/**
 * Builds an application of Next, starts it, and gives its origin to `use`.
 * @param {'turbopack' | 'webpack'} bundler
 */
export async function next(bundler, node, use) {
  for (const name of ['next', 'react', 'react-dom']) link(name);
  const cwd = join(project, `next-${bundler}`);
  for (const [name, text] of Object.entries(NEXT)) write(`next-${bundler}/${name}`, text);
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' };
  const next = frameworkFile('next/dist/bin/next');
  await exec(node, [next, 'build', `--${bundler}`], { cwd, env });
  const port = await freePort();
  const child = spawn(node, [next, 'start', '-p', String(port), '-H', '127.0.0.1'], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const origin = `http://127.0.0.1:${port}`;
    while (child.exitCode === null) {
      const answers = await fetch(origin).then(
        ({ ok }) => ok,
        () => new Promise((resolve) => setTimeout(resolve, 50, false)),
      );
      if (answers) break;
    }
    await use(origin);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  return frameworkVersion('next');
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Bundles by Metro with React Native's own configuration, compiles what came out for Hermes, and tells the bundle's file. Hermes itself is in no package
 * of npm, so nobody runs the compiled file here.
 */
export async function reactNative(platform, node) {
  write(
    'react-native/index.js',
    `import * as library from 'websocket-channel';
import { messagepack } from 'websocket-channel/messagepack';
import { exchange } from '../exchange.js';
globalThis.outcome = (url) => exchange(library, url);
globalThis.core = [typeof library.core?.instantiate, typeof messagepack().encode].join();
`,
  );
  const script = write(
    'react-native/bundle.cjs',
    `const { createRequire } = require('node:module');
const load = createRequire(${JSON.stringify(frameworkFile('..', 'package.json'))});
const Metro = load('metro');
const { getDefaultConfig, mergeConfig } = load('@react-native/metro-config');
const [, , projectRoot, modules, platform] = process.argv;
(async () => {
  const config = mergeConfig(await getDefaultConfig(projectRoot), {
    projectRoot,
    watchFolders: [projectRoot, modules],
    resetCache: true,
    resolver: { nodeModulesPaths: [modules] },
    // What React Native runs first is in its own package.
    serializer: { getModulesRunBeforeMainModule: () => [], getPolyfills: () => [] },
    reporter: { update() {} },
  });
  const out = \`\${projectRoot}/react-native/\${platform}.js\`;
  await Metro.runBuild(config, { entry: 'react-native/index.js', platform, dev: false, minify: false, out });
  process.exit();
})().catch((error) => {
  console.error(error.message.slice(0, 1000));
  process.exit(1);
});
`,
  );
  await exec(node, [script, project, frameworkFile(), platform], { cwd: project });
  const bundle = join(project, `react-native/${platform}.js`);
  const system = { linux: 'linux64-bin', darwin: 'osx-bin', win32: 'win64-bin' }[process.platform];
  await exec(frameworkFile('hermes-compiler/hermesc', system, 'hermesc'), ['-emit-binary', '-O', '-w', '-out', `${bundle}.hbc`, bundle]);
  return bundle;
}
