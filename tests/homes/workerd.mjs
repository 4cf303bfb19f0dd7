// workerd, the runtime of Cloudflare Workers. It compiles no wasm at run time: the condition `workerd` of the package brings the module.
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

/** Bundles a worker, runs it, and looks what it answers: what the expression `answer` gives, where `library` and `exchange` are known. */
export async function answerOfWorkerd(answer, expected) {
  const main = write(
    'workerd/src.js',
    `import * as library from 'websocket-channel';
import { exchange } from '../exchange.js';
const answer = async () => ${answer};
export default {
  async fetch() {
    return new Response(await answer().catch((error) => error.stack));
  },
};
`,
  );
  const { build } = await tool('esbuild');
  const outfile = join(project, 'workerd/main.js');
  await build({ entryPoints: [main], bundle: true, format: 'esm', conditions: ['workerd'], external: ['*.wasm'], outfile });
  copyFileSync(
    join(project, 'node_modules/websocket-channel/dist/websocket-channel.wasm'),
    join(project, 'workerd/websocket-channel.wasm'),
  );
  const port = await freePort();
  const config = write(
    'workerd/config.capnp',
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
    (name = "main.js", esModule = embed "main.js"),
    (name = "websocket-channel.wasm", wasm = embed "websocket-channel.wasm"),
  ],
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
    assert.equal(answer, expected);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
