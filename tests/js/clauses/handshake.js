// WHATWG WebSockets §2.1 and Fetch: what the browser sends for a socket, which the server repeats. Ours must not add, lose or change anything.

import { clauses } from '../transcript.js';

/** The request that a socket of these arguments made, told line for line. */
async function request(t, address, ...rest) {
  const socket = new t.Class(address, ...rest);
  const { data } = await Promise.race([t.next(socket, 'message'), t.next(socket, 'close')]);
  const { headers, ...line } = JSON.parse(data);
  t.say('request', JSON.stringify(line));
  for (const [name, value] of headers) t.say(name, /^sec-websocket-key$/i.test(name) ? value.length : value);
  t.state(socket);
  await t.finish(socket);
}

clauses('the handshake', {
  async 'has the same fields'(t) {
    await request(t, t.trusted('/probe'));
    await request(t, t.trusted('/probe?protocol=b'), ['chat.v1', 'b']);
    await request(t, t.trusted('/probe?protocol=b').replace('ws:', 'HTTP:'), 'b');
  },

  async 'carries the cookies of the host, and sets none'(t) {
    document.cookie = 'clause=1; Path=/; SameSite=Strict';
    document.cookie = 'elsewhere=1; Path=/elsewhere';
    try {
      await request(t, t.trusted('/probe'));
      t.say('cookies', document.cookie);
    } finally {
      document.cookie = 'clause=; Path=/; Max-Age=0';
      document.cookie = 'elsewhere=; Path=/elsewhere; Max-Age=0';
    }
  },

  async 'treats credentials of the URL as the platform does'(t) {
    await request(t, t.trusted('/probe').replace('://', '://user:secret@'));
    await request(t, t.trusted('/probe').replace('://', '://us%20er@'));
  },

  async 'has the origin of the page, and no referrer'(t) {
    const { referrerPolicy } = document.head;
    t.say('policy', referrerPolicy);
    const meta = document.head.appendChild(Object.assign(document.createElement('meta'), { name: 'referrer', content: 'unsafe-url' }));
    try {
      await request(t, t.trusted('/probe'));
    } finally {
      meta.remove();
    }
  },
});
