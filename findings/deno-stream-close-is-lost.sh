#!/usr/bin/env bash
# `WebSocketStream` of Deno: the page closes with 4000 right after the opening, and the server (npm ws) answers the Close as it should. (Only on x86-64.)
# Expected: `closed` resolves with 4000. Seen: in one to nine of a hundred connections it rejects with a `WebSocketError` without a code, whose message
# is the reason of the Close. A Close that the server begins is reported as it is.
. "$(dirname "$0")/lib.sh"
npm_install @deno/linux-x64-glibc@2.9.6 ws@8.23.0
cat >server.cjs <<'JS'
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => console.log(server.address().port));
server.on('connection', (socket) => socket.on('message', () => socket.close(4000, 'done')));
JS
cat >client.js <<'JS'
const [url, count] = Deno.args;
for (const who of ['client', 'server']) {
  const tally = {};
  for (let left = Number(count); left > 0; left -= 1) {
    const stream = new WebSocketStream(url);
    const { writable } = await stream.opened;
    if (who === 'client') stream.close({ closeCode: 4000, reason: 'done' });
    else await writable.getWriter().write('close, please');
    const end = await stream.closed.then(
      ({ closeCode, reason }) => `resolves with ${closeCode} ${reason}`,
      ({ name, closeCode, message }) => `rejects with ${name}, closeCode ${closeCode}, message ${message}`,
    );
    tally[end] = (tally[end] ?? 0) + 1;
  }
  for (const [end, times] of Object.entries(tally)) console.log(`${who} closes: ${end}, ${times === Number(count) ? 'always' : 'at times'}`);
}
JS
node server.cjs >port &
STARTED+=($!)
until [ -s port ]; do sleep 0.05; done
chmod 755 node_modules/@deno/linux-x64-glibc/deno
node_modules/@deno/linux-x64-glibc/deno run --quiet --no-config --unstable-net --allow-net client.js "ws://127.0.0.1:$(cat port)/" 3000 >seen
check seen "client closes: resolves with 4000 done, at times" \
  "client closes: rejects with WebSocketError, closeCode null, message done, at times" \
  "server closes: resolves with 4000 done, always"
