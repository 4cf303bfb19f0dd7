// Numbers to the server and back, over a session whose connections the test server's cutter cuts. For pages, and for runtimes outside of browsers.

/** Numbers that are read before the cuts are counted again. */
const LOOK = 200;
const END = -1;

/**
 * Sends numbers, and checks each that comes back, until there were numbers and cuts enough.
 * @param {Function} Channel
 * @param {(words: string) => Promise<object>} command a command of the control channel
 * @param {{ numbers: number, cuts: number, seed: number, batched: boolean }} plan
 * @returns {Promise<{ count: number, resumed: number, counts: object }>}
 */
export async function exchange(Channel, command, { numbers, cuts, seed, batched }) {
  const cutter = await command(`cutter?seed=${seed}&cuts=${cuts}`);
  const reconnect = { baseDelayMs: 0, spreadMs: 0 };
  const options = { codec: 'json', reconnect, connectTimeoutMs: 5000, sendHighWaterMarkBytes: 256 << 10 };
  const channel = new Channel(`${cutter.url}/session/echo?heartbeat=500`, options);
  await channel.opened;
  let resumed = 0;
  channel.addEventListener('resumed', () => (resumed += 1));
  let enough = false;
  const sending = (async () => {
    let number = 0;
    for (; !enough; number += 1) await channel.send(number);
    await channel.send(END);
    return number;
  })();
  let expected = 0;
  const check = async (number) => {
    // A lower one is repeated; a higher one is lost, or comes later.
    if (number !== expected) throw new Error(`${number} where ${expected} was expected`);
    expected += 1;
    if (enough || expected < numbers || expected % LOOK > 0) return;
    enough = (await command(`cutter-counts?port=${cutter.port}`)).cuts >= cuts;
  };
  read: for await (const value of batched ? channel.batches() : channel) {
    for (const number of batched ? value : [value]) {
      if (number === END) break read;
      await check(number);
    }
  }
  const sent = await sending;
  if (sent !== expected) throw new Error(`${expected} of ${sent} came back`);
  const counts = await command(`cutter-counts?port=${cutter.port}`);
  await channel.closed;
  await command(`cutter-end?port=${cutter.port}`);
  return { count: expected, resumed, counts };
}
