// The native test server as a child: on free ports, and gone when this process is, however that ends.
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './build.mjs';
import { run, start } from './process.mjs';

const PACKAGE = 'websocket-channel-server';

/** Builds the server with the user's own toolchain; gives the path of the binary. Benches want it optimised. */
export async function buildTestServer({ release = false } = {}) {
  await run('cargo', ['build', '--quiet', '--locked', '-p', PACKAGE, ...(release ? ['--release'] : [])], { cwd: root });
  return join(root, 'target', release ? 'release' : 'debug', PACKAGE);
}

/**
 * Starts the server and waits until it listens.
 * @param {string[]} [args] further arguments
 * @param {{release?: boolean}} [build]
 * @returns {Promise<{ origin: string, refusedPort: number, control: string, proxy: string, env: object, ended: Promise<unknown>, stop(): Promise<void> }>}
 *   `origin` is `ws://host:port`; on `refusedPort` nobody listens; `control` is the control channel's address; `env` is what the server's own
 *   `exec` exports
 */
export async function startTestServer(args = [], build = {}) {
  const binary = await buildTestServer(build);
  const child = start(binary, ['--json', '--until-stdin-closes', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), child.ended.then(() => null)]);
  if (!first) throw new Error('the test server ended before it listened');
  const addresses = JSON.parse(first[0]);
  const { ws, refused, control, proxy } = addresses;
  return {
    origin: ws,
    refusedPort: refused,
    control,
    proxy,
    env: Object.fromEntries(Object.entries(addresses).map(([name, value]) => [`WEBSOCKET_CHANNEL_TEST_${name.toUpperCase()}`, String(value ?? '')])),
    ended: child.ended,
    async stop() {
      child.stdin.end();
      await child.ended;
    },
  };
}
