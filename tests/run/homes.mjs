// The Rust channel in every home but a page: the three kinds of worker in Chromium, and Node, Deno and Bun.

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './build.mjs';

/** The test programs that run in workers. */
export const WORKERS = ['home_dedicated_worker', 'home_shared_worker', 'home_service_worker'];

/** Where the channel is tested outside of browsers: the program, what it is called in the tests, how a script is run, and which tests beside the usual. */
const RUNTIMES = {
  node22: { home: 'node 22', arguments: '"$@"' },
  node24: { home: 'node 24', arguments: '"$@"' },
  // Its `WebSocketStream` is behind a flag.
  deno: { home: 'deno 2', arguments: 'run --quiet --no-config --allow-all --unstable-net "$@"', more: ['home_stream'] },
  // wasm-bindgen's tests take whatever has a `self` for a page, and look for its document.
  bun: {
    home: 'bun 1',
    arguments: '--preload "$0.cjs" "$@"',
    preload: 'Object.defineProperty(globalThis, "self", { value: undefined });\n',
  },
};

/**
 * The environment in which wasm-bindgen's test runner, which runs `node` of PATH, runs another runtime instead.
 * @param {{paths: Record<string, string>}} tools of set-up, with the runtimes
 * @returns {{ name: string, programs: string[], env: Record<string, string> }[]}
 */
export function runtimes(tools) {
  return Object.entries(RUNTIMES).map(([name, { home, arguments: words, preload, more = [] }]) => {
    const folder = join(root, 'target', 'homes', name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const shim = join(folder, 'node');
    // The runner asks Node for `gc`, which the tests do not use and the others do not know.
    const script = `#!/bin/sh\n[ "$1" = --expose-gc ] && shift\nexec '${tools.paths[name]}' ${words}\n`;
    writeFileSync(shim, script);
    chmodSync(shim, 0o755);
    if (preload) writeFileSync(`${shim}.cjs`, preload);
    return {
      name,
      programs: ['home_outside', ...more],
      env: { WEBSOCKET_CHANNEL_HOME: home, PATH: [folder, tools.env.PATH].join(delimiter) },
    };
  });
}
