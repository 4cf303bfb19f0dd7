// A session's channel to a service of the test server.
import { Channel } from 'websocket-channel/session';
import { command, tag, url } from '../server.js';

/** Attempts follow at once. */
export const AT_ONCE = { baseDelayMs: 0, spreadMs: 0 };

/** A channel, its values, and what cuts its connection. */
export async function connect(path, options) {
  const tagged = tag();
  const channel = new Channel(url(`${path}${path.includes('?') ? '&' : '?'}tag=${tagged}`), { reconnect: AT_ONCE, ...options });
  await channel.opened;
  const values = channel[Symbol.asyncIterator]();
  return {
    channel,
    /** The next value. */
    read: async () => (await values.next()).value,
    cut: () => command(`cut?tag=${tagged}`),
    tagged,
  };
}
