// Why autobahn.py mends the cases of compression: they fail on a message that a peer left uncompressed, whoever the peer is.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../run/build.mjs';
import { capture } from '../run/process.mjs';
import { startPeer, tools } from '../interop/support.mjs';

/** A thousand messages of 16 bytes. npm `ws` leaves them uncompressed below its threshold, where there is no context to take over. */
const CASE = '12.1.1';
const LAZY = { serverNoContextTakeover: true, threshold: 1024 };

let peer;
before(async () => (peer = await startPeer('ws', JSON.stringify(LAZY))));
after(() => peer?.stop());

async function verdict(...flags) {
  const args = [join(root, 'tests/conformance/autobahn.py'), 'client', peer.origin, '--include', CASE, ...flags];
  return JSON.parse((await capture(tools.python, args, { quiet: true })).output);
}

test('unchanged, the tool stops at npm ws, too', async () => {
  const { verdict: found, why } = await verdict('--unmended');
  assert.deepEqual([found, why], ['ERROR', 'Strings must be encoded before hashing']);
});

test('mended, it finds nothing wrong with npm ws', async () => {
  const { verdict: found, close } = await verdict();
  assert.deepEqual([found, close], ['OK', 'OK']);
});
