// Numbers to the server and back, over a session whose connections are cut: none is lost, repeated or reordered.

import { assert } from 'chai';
import { Channel } from 'websocket-channel/session';
import { command } from '../server.js';
import { AT_ONCE } from './channel.js';

/** At least. */
const [NUMBERS, CUTS] = [5000, 20];
/** Numbers that are read before the cuts are counted again. */
const LOOK = 200;
const END = -1;

describe('a session whose connections are cut', () => {
  for (const batched of [false, true]) {
    it(`loses, repeats and reorders nothing${batched ? ', in batches' : ''}`, async () => {
      const cutter = await command(`cutter?seed=${batched ? 2 : 1}&cuts=${CUTS}`);
      const options = { codec: 'json', reconnect: AT_ONCE, connectTimeoutMs: 5000, sendHighWaterMarkBytes: 256 << 10 };
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
        assert.equal(number, expected);
        expected += 1;
        if (enough || expected < NUMBERS || expected % LOOK > 0) return;
        enough = (await command(`cutter-counts?port=${cutter.port}`)).cuts >= CUTS;
      };
      read: for await (const value of batched ? channel.batches() : channel) {
        for (const number of batched ? value : [value]) {
          if (number === END) break read;
          await check(number);
        }
      }
      assert.equal(await sending, expected);
      const counts = await command(`cutter-counts?port=${cutter.port}`);
      assert.isTrue(counts.steered, counts.line);
      assert.isAbove(resumed, 0);
      await channel.closed;
      await command(`cutter-end?port=${cutter.port}`);
    });
  }
});
