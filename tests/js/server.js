// Where the test server is, and what most tests do with it.

const query = new URLSearchParams(location.search);

/** `ws://host:port` of the test server. */
export const origin = query.get('origin');

/** The URL of a service. */
export const url = (path) => `${origin}${path}`;

/** The same for `/probe`, which a page of another origin uses with the token of the run. */
export const trusted = (path) => url(`${path}${path.includes('?') ? '&' : '?'}token=${query.get('control').split('/').pop()}`);

/** A URL whose port is held by a socket that does not listen. */
export const refused = `ws://127.0.0.1:${query.get('refused')}/`;

/** A tag for one connection of one test. */
let tags = 0;
export const tag = () => `js-${(tags += 1)}-${Math.random().toString(36).slice(2)}`;

/** A command of the control channel: `tests/server/README.md`. */
export async function command(words) {
  const response = await fetch(`${query.get('control')}/${words}`);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** Until the server has had connections of this tag, and has none any more. */
export async function gone(tagged) {
  for (;;) {
    const { connections } = await command(`list?tag=${tagged}`);
    if (connections.length > 0 && connections.every(({ ended }) => ended)) return;
  }
}

/** The next event of this type. */
export const next = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** Waits until `socket` is open; it throws if it never will be. */
export async function opened(socket) {
  const { type } = await Promise.race([next(socket, 'open'), next(socket, 'close')]);
  if (type !== 'open') throw new Error(`${socket.url} did not open`);
  return socket;
}

/** Closes, and waits for the end. */
export async function finish(socket) {
  if (socket.readyState === 3) return;
  const end = next(socket, 'close');
  socket.close();
  await end;
}
