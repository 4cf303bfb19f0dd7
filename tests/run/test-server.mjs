// The native test server as a child: on free ports, and gone when this process is, however that ends.
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './build.mjs';
import { run, start } from './process.mjs';

const PACKAGE = 'websocket-channel-server';

/**
 * Builds the program of a package with the user's own toolchain; gives its path.
 * @param {string} name of the package, and of its program
 * @param {'debug' | 'release'} [profile]
 */
export async function buildNative(name, profile = 'debug') {
  const args = ['build', '--quiet', '--locked', ...(profile === 'release' ? ['--release'] : [])];
  await run('cargo', [...args, '-p', name], { cwd: root });
  return join(root, 'target', profile, name);
}

/** Builds the server; gives the path of the binary. */
export function buildTestServer(profile) {
  return buildNative(PACKAGE, profile);
}

/**
 * Starts the server and waits until it listens.
 * @param {string[]} [args] further arguments
 * @param {'debug' | 'release'} [profile]
 * @returns {Promise<{ origin: string, secure: string, root: string, refusedPort: number, control: string, proxy: string, pid: number, env: object, ended: Promise<unknown>, stop(): Promise<void> }>}
 *   `origin` is `ws://host:port`, `secure` the same with `wss`, whose root certificate is in the file `root`; on `refusedPort` nobody listens;
 *   `control` is the control channel's address; `env` is what the server's own `exec` exports
 */
export async function startTestServer(args = [], profile = 'debug') {
  const binary = await buildTestServer(profile);
  const child = start(binary, ['--json', '--until-stdin-closes', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), child.ended.then(() => null)]);
  if (!first) throw new Error('the test server ended before it listened');
  const addresses = JSON.parse(first[0]);
  const { ws, wss, root, refused, control, proxy } = addresses;
  return {
    origin: ws,
    secure: wss,
    root,
    refusedPort: refused,
    control,
    proxy,
    pid: child.pid,
    env: Object.fromEntries(
      Object.entries(addresses).map(([name, value]) => [`WEBSOCKET_CHANNEL_TEST_${name.toUpperCase()}`, String(value ?? '')]),
    ),
    ended: child.ended,
    async stop() {
      child.stdin.end();
      await child.ended;
    },
  };
}
