// A client of the session protocol that was written from src/session/WIRE.md alone, in Python, against our server.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { startTestServer } from '../run/test-server.mjs';
import { checks, tools } from './support.mjs';

let server;
before(async () => (server = await startTestServer()));
after(() => server?.stop());

test('passes every check', async () => {
  const program = fileURLToPath(new URL('stranger/checks.py', import.meta.url));
  const found = await checks(tools.python, ['-B', program, server.origin]);
  const wrong = [...found].filter(([, reason]) => reason);
  assert.deepEqual(wrong, []);
  assert.equal(found.size, 17);
});
