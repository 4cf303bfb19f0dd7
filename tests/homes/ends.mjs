// Runs in Node, Deno and Bun: how connections end there that fail, are dropped or are given up. It prints what was told, and ends by itself: nothing
// that has ended may keep a process alive.
import { Channel } from 'websocket-channel';

const [origin, refused] = process.argv.slice(-2);

const named = (promise) =>
  promise.then(
    ({ code }) => code ?? 'opened',
    (error) => `${error.code} ${error.message}`,
  );
/** What a channel tells of its end. */
async function told(channel) {
  const reading = (async () => {
    const values = [];
    try {
      for await (const value of channel) values.push(value);
    } catch (error) {
      values.push(error.code);
    }
    return values;
  })();
  const opened = await named(channel.opened.then(() => ({})));
  const { code, by, wasClean } = await channel.closed;
  return { opened, read: await reading, code, by, wasClean, state: channel.status.state };
}

const channel = (path) => new Channel(`${origin}${path}`, { codec: 'text' });
const outcome = { refused: await told(new Channel(refused, { codec: 'text' })) };
// The end is told in the microtasks after open where it comes with the response.
for (let round = 0; round < 6; round += 1) outcome[`dropped ${round}`] = await told(channel('/drop'));
outcome.read = await told(channel('/message-drop'));
outcome[404] = await told(channel('/404'));
const hanging = channel('/hang');
await new Promise((resolve) => setTimeout(resolve, 50));
hanging.close();
outcome.hanging = await told(hanging);
console.log(JSON.stringify(outcome));
