// Our server and our native client with the WebSockets of other people, every check in both directions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer } from '../run/test-server.mjs';
import { NATIVE, PEERS, checks, startPeer } from './support.mjs';

const CHECKS = [
  'text',
  'binary',
  'large',
  'fragments received',
  'fragments sent',
  'ping received',
  'ping sent',
  'compression',
  'subprotocol',
  'close begun',
  'close received',
];
const OTHERS = ['ws', 'websockets', 'tokio-tungstenite'];
/** What a client does not check, and why. */
const ABSENT = {
  ours: {
    'ping sent': 'its API has no ping',
  },
  'tokio-tungstenite': { compression: 'it knows no permessage-deflate' },
};
/** What our client says where the server does not know what it checks. */
const DECLINED = { 'tokio-tungstenite': { compression: 'the extensions are ""' } };
const CLOSE = [4001, 'bye ☂'];

/** Column by column: what came of each check. */
const table = new Map();
after(() => print(table));

describe('our server', () => {
  let server;
  before(async () => (server = await startTestServer()));
  after(() => server?.stop());
  for (const title of [...OTHERS, 'ws over TLS']) {
    describe(`and the client ${title}`, () => {
      const [name, secure] = title.split(' over ');
      let found;
      before(async () => {
        const [program, ...args] = PEERS[name];
        found = await checks(program, [...args, 'client', ...(secure ? [server.secure, server.root] : [server.origin])]);
      });
      column(`server ← ${title}`, ABSENT[name] ?? {}, () => found);

      test('sees the code and the reason that the client closes with', async () => {
        const { connections } = await (await fetch(`${server.control}/transcript?tag=close`)).json();
        assert.deepEqual(lastClose(connections.at(-1)), CLOSE);
      });
    });
  }
});

describe('our client', () => {
  for (const name of OTHERS) {
    describe(`and the server ${name}`, () => {
      let found;
      let closed;
      before(async () => {
        const peer = await startPeer(name);
        try {
          // Of all connections only the one that is closed with a reason has a tag.
          closed = peer.line();
          found = await checks(NATIVE, ['client', peer.origin]);
          closed = JSON.parse(await closed);
        } finally {
          await peer.stop();
        }
      });
      column(`client → ${name}`, ABSENT.ours, () => found, DECLINED[name]);

      test('closes with a code and a reason that the server sees', () => {
        assert.deepEqual([closed.closed, closed.reason], CLOSE);
      });
    });
  }
});

/** A test for each check that the client makes. */
function column(title, absent, found, declined = {}) {
  const cells = new Map();
  table.set(title, cells);
  for (const check of CHECKS) {
    cells.set(check, absent[check] ? '–' : 'FAILED');
    if (absent[check]) continue;
    test(check, () => {
      assert.ok(found().has(check), 'it was not checked');
      assert.equal(found().get(check), declined[check]);
      cells.set(check, declined[check] ? 'declined' : 'ok');
    });
  }
}

/** The code and reason of the Close frame with which what the client sent ends. */
function lastClose({ received }) {
  const bytes = Buffer.from(received.hex, 'hex');
  // RFC 6455 §5.2: FIN and opcode 8, masked, a length below 126, the mask.
  const length = 2 + Buffer.byteLength(CLOSE[1]);
  const frame = bytes.subarray(-(6 + length));
  assert.deepEqual([frame[0], frame[1]], [0x88, 0x80 | length]);
  const body = frame.subarray(6).map((byte, index) => byte ^ frame[2 + (index % 4)]);
  return [body.readUInt16BE(0), body.subarray(2).toString()];
}

function print(columns) {
  const width = Math.max(...CHECKS.map((check) => check.length));
  console.log(`\n${''.padEnd(width)}  ${[...columns.keys()].join('  ')}`);
  for (const check of CHECKS) {
    const cells = [...columns].map(([title, cells]) => cells.get(check).padEnd(title.length));
    console.log(`${check.padEnd(width)}  ${cells.join('  ').trimEnd()}`);
  }
  for (const [name, reasons] of Object.entries(ABSENT)) {
    for (const [check, reason] of Object.entries(reasons)) console.log(`–  ${check}, ${name}: ${reason}`);
  }
}
