// A panic in a task that no test awaits fails no test. The test programs report each one here, from wherever they run, and the suite fails.

import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Listens for panics. A page can always open a WebSocket, so that is how it tells: the request alone.
 * @returns {Promise<{ origin: string, settle(count: {failed: number}): object, stop(): Promise<void> }>} `settle` adds to a count what failed
 *   in no test
 */
export async function listenForPanics() {
  const told = [];
  const server = createServer();
  server.on('upgrade', (request, socket) => {
    told.push(decodeURIComponent(request.url.slice(2)));
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `ws://127.0.0.1:${server.address().port}`,
    settle(count) {
      // A test that failed has panicked, too.
      const more = Math.max(0, told.length - count.failed);
      if (more > 0) console.log(`a task panicked, and no test failed over it:\n  ${told.join('\n  ')}`);
      return { ...count, failed: count.failed + more };
    },
    async stop() {
      server.close();
      await once(server, 'close');
    },
  };
}
