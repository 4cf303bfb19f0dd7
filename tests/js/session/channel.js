// A session's channel to a service of the test server.
import { Channel } from 'websocket-channel/session';
import { command, tag, url } from '../server.js';

/** How long a server that forgets keeps a session without a connection, as a parameter. A new session has as long to be confirmed. */
const KEEP_MS = 500;
export const FORGETS = `keep=${KEEP_MS}`;

/** Attempts follow at once. */
export const AT_ONCE = { baseDelayMs: 0, spreadMs: 0 };

/** A channel, its values, and what cuts its connection. If it is `held`, it connects again when its session is `forgotten`, not before. */
export async function connect(path, { held, ...options } = {}) {
  const tagged = tag();
  const address = url(`${path}${path.includes('?') ? '&' : '?'}tag=${tagged}`);
  let released;
  const gate = new Promise((resolve) => (released = resolve));
  let attempts = 0;
  const provider = async () => {
    attempts += 1;
    if (attempts > 1) await gate;
    return address;
  };
  const channel = new Channel(held ? provider : address, { reconnect: AT_ONCE, ...options });
  await channel.opened;
  const values = channel[Symbol.asyncIterator]();
  return {
    channel,
    /** The next value. */
    read: async () => (await values.next()).value,
    cut: () => command(`cut?tag=${tagged}`),
    /** It connects again when a server that `FORGETS` has forgotten the session: that is a matter of time alone. */
    forgotten: () => setTimeout(released, 2 * KEEP_MS),
    tagged,
  };
}
