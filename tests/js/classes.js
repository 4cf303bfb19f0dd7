// The class under test, and the browser's own as the oracle: what is expected of ours is shown to hold for the original.

import { WebSocket } from 'websocket-channel';

/** Calls `tests(Class)` for both classes, each in a block of its own. */
export function eachClass(title, tests) {
  describe(title, () => {
    describe('ours', () => tests(WebSocket));
    describe("the browser's own", () => tests(window.WebSocket));
  });
}
