// A session's channel in Node, Deno and Bun, with their own WebSocket, while its connections are cut.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../run/build.mjs';

const runtimes = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS ?? '{}');
const control = process.env.WEBSOCKET_CHANNEL_TEST_CONTROL;
/** With `npm test -- --all` it is the whole one. */
const plan = process.env.WEBSOCKET_CHANNEL_ALL === '1' ? { numbers: 100_000, cuts: 200 } : { numbers: 5000, cuts: 20 };

const HOMES = {
  node22: [],
  node24: [],
  deno: ['run', '--allow-all', '--no-config', '--quiet'],
  bun: ['run'],
};

describe('sessions outside of browsers', () => {
  for (const [name, args] of Object.entries(HOMES)) {
    for (const batched of [false, true]) {
      test(`${name}${batched ? ', in batches' : ''}: no number is lost, repeated or reordered`, async () => {
        const files = ['dist/session.js', 'tests/js/session/numbers.js'].map((file) => pathToFileURL(join(root, file)).href);
        const words = [...args, join(root, 'tests/homes/session.mjs'), ...files, control, JSON.stringify({ ...plan, seed: 7, batched })];
        const { stdout } = await promisify(execFile)(runtimes[name], words, { timeout: plan.cuts * 5000 + 60_000 });
        const { count, resumed, steered, line } = JSON.parse(stdout);
        console.log(`${name}: ${count} numbers each way, resumed ${resumed} times; ${line}`);
        // The shares of few cuts are chance.
        assert.ok(count >= plan.numbers && (steered || plan.cuts < 100) && resumed > 0, line);
      });
    }
  }
});
