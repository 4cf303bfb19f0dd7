// workerd, the runtime of Cloudflare Workers. It compiles no wasm at run time: the condition `workerd` of the package is the entry without wasm, and
// `slim` takes the module that whoever bundles the worker brings.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { program, project, tool, write } from './project.mjs';

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A worker that answers what the expression `answer` gives, where `library` and `exchange` are known. */
const worker = (answer, loading = `import * as library from 'websocket-channel';`) => `${loading}
import { exchange } from '../exchange.js';
const answer = async () => ${answer};
export default {
  async fetch() {
    return new Response(await answer().catch((error) => error.stack));
  },
};
`;

/** Bundles a worker by esbuild, runs it, and looks what it answers. */
export async function answerOfWorkerd(answer, expected) {
  const main = write('workerd/src.js', worker(answer));
  const { build } = await tool('esbuild');
  await build({ entryPoints: [main], bundle: true, format: 'esm', conditions: ['workerd'], outfile: join(project, 'workerd/main.js') });
  assert.equal(await answerOf('workerd', ['main.js']), expected);
}

/** The same, with the wasm as a module of the worker. */
export async function answerOfSlim(answer, expected) {
  const loading = `import module from 'websocket-channel.wasm';
import * as library from 'websocket-channel/slim';
library.init(module);`;
  const main = write('workerd-slim/src.js', worker(answer, loading));
  const { build } = await tool('esbuild');
  const outfile = join(project, 'workerd-slim/main.js');
  await build({ entryPoints: [main], bundle: true, format: 'esm', external: ['*.wasm'], outfile });
  const wasm = 'websocket-channel.wasm';
  copyFileSync(join(project, 'node_modules/websocket-channel/dist', wasm), join(project, 'workerd-slim', wasm));
  assert.equal(await answerOf('workerd-slim', ['main.js', wasm]), expected);
}

/** The same, built by Vite for a server as frameworks do for workers: everything in one module, by the conditions of workerd. */
export async function answerOfVite(answer, expected) {
  write('workerd-vite/main.js', worker(answer));
  const { build } = await tool('vite');
  const conditions = ['workerd', 'worker', 'module', 'browser'];
  await build({
    root: join(project, 'workerd-vite'),
    logLevel: 'warn',
    ssr: { target: 'webworker', noExternal: true, resolve: { conditions } },
    build: { ssr: 'main.js', outDir: 'out', emptyOutDir: true },
  });
  assert.equal(await answerOf('workerd-vite/out', ['main.js']), expected);
}

/** What the worker in a folder answers; the first of its modules is the worker. */
async function answerOf(folder, modules) {
  const port = await freePort();
  const listed = modules.map((name) => `    (name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}"),\n`);
  const config = write(
    `${folder}/config.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
${listed.join('')}  ],
  compatibilityDate = "2025-09-01",
);
`,
  );
  const child = spawn(program('workerd'), ['serve', config], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    let answer;
    while (answer === undefined && child.exitCode === null) {
      answer = await fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.text(),
        () => new Promise((resolve) => setTimeout(resolve, 20)),
      );
    }
    return answer;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
