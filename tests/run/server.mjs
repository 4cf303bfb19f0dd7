#!/usr/bin/env node
// Builds and runs the native test server: `npm run server -- --port 9000`; `npm run server -- --help` lists its arguments.

import { buildTestServer } from './test-server.mjs';
import { CommandError, endChildrenOnSignals, start } from './process.mjs';

endChildrenOnSignals();
try {
  const child = start(await buildTestServer(), process.argv.slice(2), { stdio: 'inherit' });
  process.exitCode = (await child.ended) ?? 1;
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exit(1);
}
