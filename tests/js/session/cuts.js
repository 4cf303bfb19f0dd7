// Numbers over a session whose connections are cut: none is lost, repeated or reordered.

import { assert } from 'chai';
import { Channel } from 'websocket-channel/session';
import { command } from '../server.js';
import { exchange } from './numbers.js';

/** `?numbers=100000&cuts=200` for the long variant. */
const query = new URLSearchParams(location.search);
const plan = { numbers: Number(query.get('numbers') ?? 5000), cuts: Number(query.get('cuts') ?? 20) };

describe('a session whose connections are cut', () => {
  for (const batched of [false, true]) {
    it(`loses, repeats and reorders nothing${batched ? ', in batches' : ''}`, async function () {
      this.timeout(Math.max(60_000, plan.cuts * 5000));
      const { count, resumed, counts } = await exchange(Channel, command, { ...plan, seed: batched ? 2 : 1, batched });
      assert.isAtLeast(count, plan.numbers);
      // The shares of few cuts are chance.
      if (plan.cuts >= 100) assert.isTrue(counts.steered, counts.line);
      assert.isAbove(resumed, 0);
    });
  }
});
