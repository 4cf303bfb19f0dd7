// What the tests of the option `reconnect` share.

import { WebSocket } from 'websocket-channel';
import { tag, url } from '../server.js';

/** A policy without delays, for tests that are not about them. */
export const AT_ONCE = { spreadMs: 0, baseDelayMs: 0 };

/** A socket that connects again, the tag of its connections, and its events as words. */
export function reconnecting({ path = '/echo', protocols, options, address, ...reconnect } = {}) {
  const tagged = tag();
  const socket = new WebSocket(address ?? url(`${path}${path.includes('?') ? '&' : '?'}tag=${tagged}`), protocols, {
    ...options,
    reconnect: { ...AT_ONCE, ...reconnect },
  });
  return { socket, tagged, story: storyOf(socket) };
}

/** The URL of a tagged connection. */
export const taggedUrl = (tagged, path = '/echo') => url(`${path}?tag=${tagged}`);

/** Every event of a socket, as words, with the `readyState`. */
export function storyOf(socket) {
  const words = [];
  const say = (...all) => words.push([...all, socket.readyState].join(' '));
  socket.addEventListener('open', () => say('open'));
  socket.addEventListener('message', ({ data }) => say('message', data));
  socket.addEventListener('error', () => say('error'));
  socket.addEventListener('close', ({ code, reason, wasClean }) => say('close', code, reason, wasClean));
  socket.addEventListener('reconnecting', ({ attempt, reason }) => say('reconnecting', attempt, reason.type));
  return words;
}

/** The next echo of this text. */
export async function echoed(socket, text) {
  const heard = new Promise((resolve, reject) => {
    const listen = ({ data }) => {
      if (data !== text) return;
      socket.removeEventListener('message', listen);
      resolve();
    };
    socket.addEventListener('message', listen);
    socket.addEventListener('close', ({ code }) => reject(new Error(`closed with ${code} before the echo of ${text}`)), { once: true });
  });
  socket.send(text);
  await heard;
}
