#!/usr/bin/env node
// The page, and the server it talks to: `npm start`, `npm start -- --port N` (0: any free port; default 8080).
// It ends by Ctrl-C or SIGTERM and takes everything along. Exit codes: 0 ended by a signal when it was ready, 128 + n by signal n before;
// 1 it could not be built; 2 a bad command line or set-up.

import { createServer } from 'node:net';
import { constants } from 'node:os';
import { CommandError, endChildrenOnSignals } from './process.mjs';
import { setupOrExit } from './setup.mjs';
import { buildSite } from './site.mjs';
import { buildTestServer, startTestServer } from './test-server.mjs';

const DEFAULT_PORT = 8080;

/** The port asked for, or the end with one sentence. */
function portOf(args) {
  if (args.length === 0) return DEFAULT_PORT;
  const [name, inline] = args[0].split(/=(.*)/s);
  const value = inline ?? args[1];
  if (name !== '--port' || args.length > (inline === undefined ? 2 : 1)) {
    refuse(`takes --port N and nothing else, not ${JSON.stringify(args.join(' '))}`);
  }
  if (!/^\d{1,5}$/.test(value ?? '') || Number(value) > 65_535) {
    refuse(`--port wants a number from 0 to 65535${value === undefined ? '' : `, not ${JSON.stringify(value)}`}`);
  }
  return Number(value);
}

function refuse(sentence) {
  console.error(`npm start: ${sentence}`);
  process.exit(2);
}

/** This port, or 0 with a word about it when somebody has it. */
async function freeOr0(port) {
  const probe = createServer();
  const error = await new Promise((resolve) => probe.once('error', resolve).listen(port, '127.0.0.1', () => resolve(null)));
  if (error) {
    const why = error.code === 'EADDRINUSE' ? 'taken' : `not to be had (${error.code})`;
    console.log(`port ${port} is ${why}; taking another`);
    return 0;
  }
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const wanted = portOf(process.argv.slice(2));
const tools = await setupOrExit();
let ready = false;
endChildrenOnSignals((signal) => (ready ? 0 : 128 + constants.signals[signal]));
try {
  console.log('building the page and the test server: a minute or two the first time, then a second …');
  // Two compilers that do not share a folder: the server's is the user's own.
  const [site] = await Promise.all([buildSite(tools), buildTestServer()]);
  const port = await freeOr0(wanted);
  const server = await startTestServer(['--port', `${port}`, '--www', site]);
  console.log(`ready: ${server.origin.replace('ws:', 'http:')}/`);
  ready = true;
  await server.ended;
  console.error('npm start: the test server ended');
  process.exit(1);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(`npm start: ${error.message}`);
  process.exit(1);
}
