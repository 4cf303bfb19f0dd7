// Runs in Node, Deno and Bun: the class with the option `reconnect`. Its connections are cut by the test server. Prints a line for each case, and ends
// by itself: after the end nothing is left that a runtime would wait for.

import { WebSocket } from 'websocket-channel';

const [origin, refused, control] = process.argv.slice(-3);
const command = async (words) => (await fetch(`${control}/${words}`)).json();
const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
const AT_ONCE = { spreadMs: 0, baseDelayMs: 0 };

/** A socket, and its events as words. */
function begin(url, options, protocols = []) {
  const socket = new WebSocket(url, protocols, options);
  const words = [];
  const say = (...all) => words.push([...all, socket.readyState].join(' '));
  socket.onopen = () => say('open');
  socket.onmessage = ({ data }) => say(data);
  socket.onerror = () => say('error');
  socket.onclose = ({ code, reason, wasClean }) => say('close', code, reason + wasClean);
  socket.onreconnecting = ({ attempt, reason }) => say('reconnecting', attempt, reason.error?.code ?? reason.code ?? reason.type);
  return { socket, print: (label) => console.log(`${label}: ${words.join(', ')}`) };
}

for (const how of ['rst', 'fin']) {
  const { socket, print } = begin(`${origin}/echo?tag=${how}`, { reconnect: AT_ONCE });
  await next(socket, 'open');
  for (const round of ['one', 'two']) {
    const dropped = next(socket, 'reconnecting');
    await command(`cut?tag=${how}&how=${how}`);
    await dropped;
    const echo = next(socket, 'message');
    socket.send(round);
    await echo;
  }
  const end = next(socket, 'close');
  socket.close(4000, 'bye ');
  await end;
  print(`cut by ${how}`);
}

{
  const { socket, print } = begin(refused, { reconnect: { ...AT_ONCE, maxAttempts: 2 } });
  await next(socket, 'close');
  print('refused');
}

{
  let calls = 0;
  const answers = [() => Promise.reject(new Error('no token')), () => new Promise(() => {}), () => undefined, () => `${origin}/echo`];
  const { socket, print } = begin(
    () => answers[calls++](),
    { connectTimeoutMs: 200, reconnect: AT_ONCE },
    () => null,
  );
  await next(socket, 'open');
  const end = next(socket, 'close');
  socket.close(4000);
  await end;
  print('a function for the URL');
}

{
  const { socket, print } = begin(`${origin}/close?code=4001`, { reconnect: { ...AT_ONCE, finalCodes: [4001] } });
  await next(socket, 'close');
  print('a final code');
  socket.reconnect();
  await next(socket, 'close');
  print('again');
}

{
  const { socket, print } = begin(`${origin}/silent`, { reconnect: true });
  const end = next(socket, 'close');
  socket.close();
  await end;
  print('closed while connecting');
}

{
  // Minutes away: `close` clears the timer.
  const { socket, print } = begin(refused, { reconnect: { spreadMs: 600_000 } });
  await next(socket, 'reconnecting');
  const end = next(socket, 'close');
  socket.close();
  await end;
  print('closed while waiting');
}
