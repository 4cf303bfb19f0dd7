// Runs in Node, Deno and Bun, which do not all fire `close` after `error`, or give it a code. The class ends once, in each of them: `error`, if
// there is one, then `close`, both with readyState 3. Prints a line for each case, and ends by itself.

import { WebSocket } from 'websocket-channel';

const [origin, refused] = process.argv.slice(-2);
/** Longer than a timer of 0 takes, set by whoever saw the end: whatever comes after it has come. */
const LATER_MS = 50;

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Every event of a socket, until a while after its end. */
async function story(label, url, act = () => {}, options) {
  const socket = new WebSocket(url, [], options);
  const words = [];
  const say = (word) => words.push(`${word} ${socket.readyState}`);
  await new Promise((resolve) => {
    socket.onopen = () => act(socket, say);
    socket.onerror = () => say('error');
    socket.onclose = ({ code, reason, wasClean }) => resolve(say(`close ${code} ${reason}${wasClean}`));
    if (url.endsWith('/silent')) act(socket, say);
  });
  await pause(options?.connectTimeoutMs ?? LATER_MS);
  console.log(`${label}: ${words.join(', ')}`);
}

await story('refused', refused);
await story('refused, with a connect timeout', refused, undefined, { connectTimeoutMs: 200 });
await story('answered with 404', `${origin}/status/404`);
await story('never answered, with a connect timeout', `${origin}/silent`, undefined, { connectTimeoutMs: 100 });
await story('closed while connecting', `${origin}/silent`, (socket, say) => {
  socket.close();
  say('closing');
});
await story('lost', `${origin}/fault/fin-in-payload`);
await story('a frame that breaks the rules', `${origin}/fault/opcode-3`);
await story('closed by the peer', `${origin}/close?code=4001`);
await story('closed by us', `${origin}/echo`, (socket) => socket.close(4000, 'bye '));

// Nothing is kept of a connection that has failed.
if (globalThis.gc) {
  const COUNT = 200;
  let collected = 0;
  const registry = new FinalizationRegistry(() => (collected += 1));
  await Promise.all(
    Array.from({ length: COUNT }, () => {
      const socket = new WebSocket(refused);
      registry.register(socket);
      return new Promise((resolve) => (socket.onerror = resolve));
    }),
  );
  // The last may be on the stack.
  for (let turn = 0; collected < COUNT && turn < 100; turn += 1) {
    await pause(1);
    gc();
  }
  console.log(`collected: ${collected}`);
}
