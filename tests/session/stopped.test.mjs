// Processes that stand still: SIGSTOP and SIGCONT of a client, of a server, and of both, as in a laptop that sleeps. A deadline that passed meanwhile condemns
// no connection (B-R13), and nothing is lost.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startSession } from '../interop/session.mjs';
import { startTestServer } from '../run/test-server.mjs';

/** A client gives a connection up after 1.75 of these without hearing anything, a server between 2 and 3 of them. */
const HEARTBEAT_MS = 4000;

/** A session over its own server, with numbers before and after `stop`; gives how often it was resumed. */
async function stopped(t, heartbeat, stop) {
  const server = await startTestServer();
  t.after(() => server.stop());
  const session = await startSession(`${server.origin}/session/echo?heartbeat=${heartbeat}`);
  t.after(() => session.stop());
  assert.deepEqual(await session.numbers(100), { next: 100, resumed: 0 });
  await stop({ server: server.pid, client: session.pid });
  // A verdict would come within a heartbeat and what the client waits for its answer.
  await delay(2 * heartbeat);
  const { next, resumed } = await session.numbers(100);
  assert.equal(next, 200);
  assert.deepEqual(await session.close(), { code: 1000, clean: true });
  return resumed;
}

/** Stops processes for a while, and what `meanwhile` does in that time. */
async function still(pids, ms, meanwhile) {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await delay(ms);
    await meanwhile?.();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

describe('a session whose processes stand still', { concurrency: true }, () => {
  test('a client, for longer than its own verdict and less than the server', async (t) => {
    assert.equal(await stopped(t, HEARTBEAT_MS, ({ client }) => still([client], 1.85 * HEARTBEAT_MS)), 0);
  });

  test('a client that has asked, while the answer arrives', async (t) => {
    const stop = async ({ server, client }) => {
      let answered;
      // It asks after 1.25 heartbeats, and would give up after 1.75.
      await still([server], 1.5 * HEARTBEAT_MS, async () => {
        process.kill(client, 'SIGSTOP');
        answered = delay(HEARTBEAT_MS).then(() => process.kill(client, 'SIGCONT'));
      });
      await answered;
    };
    assert.equal(await stopped(t, HEARTBEAT_MS, stop), 0);
  });

  test('both, for longer than either verdict', async (t) => {
    assert.equal(await stopped(t, 1000, ({ server, client }) => still([server, client], 5000)), 0);
  });

  test('a client, for longer than the verdict of the server: it is resumed', async (t) => {
    assert.ok((await stopped(t, 1000, ({ client }) => still([client], 5000))) > 0);
  });

  test('a server, for longer than the verdict of the client: it is resumed', async (t) => {
    assert.ok((await stopped(t, 1000, ({ server }) => still([server], 5000))) > 0);
  });
});
