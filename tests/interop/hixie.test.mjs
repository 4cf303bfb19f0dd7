// The wire formats of 2009, and version 8, with the few implementations that still have them: npm `websocket-driver` as a server, Perl's
// Protocol::WebSocket on both sides.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { capture } from '../run/process.mjs';
import { startTestServer } from '../run/test-server.mjs';
import { NATIVE, PEERS, startPeer, succeeds } from './support.mjs';

/** What each calls a format, and how a connection in it ends for the side that closes. */
const FORMATS = {
  'hixie-75': { driver: 'hixie-75', perl: 'draft-hixie-75', end: 'closed 1006 clean=false' },
  'hixie-76': { driver: 'hixie-76', perl: 'draft-ietf-hybi-00', end: 'closed 1005 clean=true' },
};

/** It answers with the line of hixie-76; hixie-75's has a blank more, "Web Socket", and a client has to give up without. */
const WRONG_LINE = 'hixie-75 Protocol::WebSocket';

describe('our client', () => {
  for (const name of ['websocket-driver 0.7', 'websocket-driver 0.8', 'Protocol::WebSocket']) {
    for (const [format, expected] of Object.entries(FORMATS)) {
      if (WRONG_LINE === `${format} ${name}`) continue;
      test(`speaks ${format} to ${name}`, async () => {
        const peer = await startPeer(name);
        try {
          const spoken = peer.line();
          const output = await succeeds(NATIVE, ['hello', peer.origin, '--format', format]);
          assert.equal(await spoken, name.startsWith('websocket-driver') ? expected.driver : expected.perl);
          // hixie-75 has no closing handshake: the end is told by TCP alone.
          assert.equal(output.trim(), expected.end);
        } finally {
          await peer.stop();
        }
      });
    }
  }
});

test(`our client refuses ${WRONG_LINE}, whose status line is not the draft's`, async () => {
  const peer = await startPeer('Protocol::WebSocket');
  try {
    const { ok, output } = await capture(NATIVE, ['hello', peer.origin, '--format', 'hixie-75'], { quiet: true });
    assert.ok(!ok);
    assert.match(output, /the status line is not that of hixie-75/);
  } finally {
    await peer.stop();
  }
});

describe('our server', () => {
  let server;
  before(async () => (server = await startTestServer()));
  after(() => server?.stop());
  for (const version of ['draft-hixie-75', 'draft-ietf-hybi-00', 'draft-ietf-hybi-10', 'draft-ietf-hybi-17']) {
    test(`understands ${version} from Protocol::WebSocket`, async () => {
      const [program, ...args] = PEERS['Protocol::WebSocket'];
      const output = await succeeds(program, [...args, 'client', server.origin, version]);
      assert.equal(output.trim(), 'echoed\nclosed');
    });
  }
});
