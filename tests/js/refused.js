// Where WebAssembly is refused: each cause has words of its own, and the fallback of `prepare` makes everything work.

import { assert } from 'chai';
import { prepare } from 'websocket-channel';

/** The page that refuses, and what the words have to name. */
const CAUSES = {
  'a policy': ['./refused_by_policy.html', /Content Security Policy/],
  'a limit of size': ['./refused.html?refuse=limit', /4 KB .*synchronously/],
  'no WebAssembly': ['./refused.html?refuse=none', /no WebAssembly here/],
};

/** What the page `path` tells. */
async function toldBy(path) {
  const frame = document.createElement('iframe');
  const url = new URL(path, location.href);
  url.searchParams.set('origin', new URLSearchParams(location.search).get('origin'));
  frame.src = url.href;
  const told = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }));
  document.body.append(frame);
  try {
    return await told;
  } finally {
    frame.remove();
  }
}

describe('where WebAssembly is refused', () => {
  for (const [cause, [path, words]] of Object.entries(CAUSES)) {
    it(`${cause} is named, and the fallback connects`, async function () {
      const { constructed, prepared, failed, echoed, loads } = await toldBy(path);
      // The page that runs these tests without WebAssembly has an entry that needs none.
      if (constructed === 'nothing was refused') return this.skip();
      assert.match(constructed, /^WASM_REFUSED: /);
      assert.match(constructed, words);
      assert.include(constructed, 'websocket-channel/no-wasm');
      assert.equal(prepared, constructed);
      assert.equal(failed, 'Error: not found');
      assert.equal(echoed, 'over the fallback');
      assert.equal(loads, 1, 'the fallback is imported once');
    });
  }

  it('where it is allowed, the fallback is not requested', async () => {
    await prepare({ fallback: () => assert.fail('asked for') });
  });
});
