// What a hostile page can make the test server do, in Chromium: pages of other origins try every service, and nothing they read may be somebody
// else's. Run by `npm test -- hostile`.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { endChildrenOnSignals } from './process.mjs';
import { startTestServer } from './test-server.mjs';

const COOKIE = 'secret-of-the-cookie';
const BODY = 'secret-of-the-application';
const FILE = 'secret-of-the-folder';
const SECRET = /secret-of-the-\w+/;
/** A name of the web's that its owner's DNS leads to this machine. */
const EVIL = 'evil.example';

endChildrenOnSignals();
let browser;
let context;
let server;
let folder;
/** Another program of this machine's user: it knows whom it serves by a cookie, and keeps its answer from other origins. */
let application;
/** Where the hostile pages come from. */
let attacker;
/** Requests for an account that reached the application. */
let reached = [];

/** An HTTP server on a free port of this machine. */
async function serve(answer) {
  const http = createServer(answer);
  await new Promise((resolve, reject) => http.once('error', reject).listen(0, '127.0.0.1', resolve));
  return { port: http.address().port, close: () => new Promise((resolve) => (http.close(resolve), http.closeAllConnections())) };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'websocket-channel-hostile-'));
  writeFileSync(join(folder, 'index.html'), `<!doctype html><title>${FILE}</title>`);
  writeFileSync(join(folder, 'notes.js'), `globalThis.loaded = '${FILE}';`);
  server = await startTestServer(['--www', folder]);
  application = await serve(({ method, url, headers }, response) => {
    // A browser asks for icons by itself.
    if (url === '/account') reached.push(`${method} ${url} for ${headers.host}`);
    response.setHeader('Set-Cookie', `session=${COOKIE}; Path=/`).end(BODY);
  });
  attacker = await serve(({ url }, response) => {
    // A sandbox: its origin is `null`.
    if (url === '/sandbox') response.setHeader('Content-Security-Policy', 'sandbox allow-scripts');
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>win a prize');
  });
  browser = await chromium.launch({
    executablePath: process.env.WEBSOCKET_CHANNEL_CHROMIUM,
    args: [`--host-resolver-rules=MAP ${EVIL} 127.0.0.1`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), application?.close(), attacker?.close()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A page of a browser whose user has signed in to the application. */
async function open(url) {
  await context?.close();
  context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${application.port}/`);
  reached = [];
  await page.goto(url);
  return page;
}

/** What the page reads of a WebSocket: every message until one has come to each that it sent, or until the end. */
function listen(page, url, { says = ['hello'], protocols = [] } = {}) {
  return page.evaluate(
    ({ url, says, protocols }) =>
      new Promise((resolve) => {
        const read = [];
        const socket = new WebSocket(url, protocols);
        socket.binaryType = 'arraybuffer';
        const done = () => resolve(read.join('\n'));
        socket.onclose = ({ code, reason }) => {
          read.push(`closed with ${code} ${reason}`);
          done();
        };
        socket.onopen = () => says.forEach((text) => socket.send(/^bytes:/.test(text) ? new TextEncoder().encode(text.slice(6)) : text));
        socket.onmessage = ({ data }) => {
          read.push(typeof data === 'string' ? data : new TextDecoder().decode(data));
          if (read.length === 2) done();
          // The second, if there is to be one, is asked for.
          else if (!/^bytes:/.test(says[0])) socket.send('more');
        };
      }),
    { url, says, protocols },
  );
}

/** What the page reads by `fetch`: the body, or why not. */
function get(page, url, init = {}) {
  return page.evaluate(
    async ({ url, init }) => {
      try {
        const response = await fetch(url, init);
        return `${response.status} ${await response.text()}`;
      } catch (error) {
        return `${error}`;
      }
    },
    { url, init },
  );
}

/** Everything that a page reads when it tries every service, the pipe to each port and each address of HTTP. */
async function everything(page) {
  const port = (url) => new URL(url).port;
  const [plain, secure, proxy] = [server.origin, server.secure, server.proxy].map(port);
  const target = `127.0.0.1:${application.port}`;
  const request = (authority) => `GET /account HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`;
  const read = [];
  for (const host of [`127.0.0.1:${plain}`, `localhost:${plain}`, `${EVIL}:${plain}`]) {
    for (const path of [
      'echo',
      'chat',
      'fragment?size=1',
      'repeat?count=2',
      'flood?count=2&size=9',
      'ping?count=2',
      'close?code=1000',
      'cut',
      'sink?tell=1',
    ])
      read.push(await listen(page, `ws://${host}/${path}`, { protocols: ['echo'] }));
    for (const path of ['probe', 'probe?token=', 'probe?token=00000000000000000000000000000000', 'control/0'])
      read.push(await listen(page, `ws://${host}/${path}`));
    // Straight to the application, by the proxy, and to the server itself for its files.
    const ways = [
      [target, request(target)],
      [`localhost:${application.port}`, request(target)],
      [`127.0.0.1:${proxy}`, `CONNECT ${target} HTTP/1.1\r\n\r\n${request(target)}`],
      [`localhost:${proxy}`, `CONNECT localhost:${application.port} HTTP/1.1\r\n\r\n${request(target)}`],
      [`127.0.0.1:${plain}`, 'GET /notes.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
      [`127.0.0.1:${secure}`, 'GET /notes.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
    ];
    for (const [to, bytes] of ways) read.push(await listen(page, `ws://${host}/pipe?to=${to}`, { says: [`bytes:${bytes}`] }));
    for (const path of ['', 'index.html', 'notes.js', 'faults', 'status/200', 'fault/status-200', 'control/0/list', 'probe', 'pipe'])
      read.push(await get(page, `http://${host}/${path}`, { credentials: 'include' }));
  }
  read.push(await listen(page, `ws://probe.localhost:${plain}/`));
  read.push(await listen(page, `ws://pipe.localhost:${plain}/?to=${target}`, { says: [`bytes:${request(target)}`] }));
  for (const init of [{}, { method: 'POST', body: `CONNECT ${target} HTTP/1.1\r\n\r\n` }, { mode: 'no-cors' }])
    read.push(await get(page, `${server.proxy}/`, init));
  read.push(await listen(page, `ws://127.0.0.1:${proxy}/`));
  read.push(await loaded(page, `${server.origin.replace('ws', 'http')}/notes.js`));
  return read;
}

/** What a script of the server's does in the page. */
function loaded(page, src) {
  return page.evaluate(
    (src) =>
      new Promise((resolve) => {
        const script = Object.assign(document.createElement('script'), { src });
        script.onload = script.onerror = () => resolve(`loaded: ${globalThis.loaded}`);
        document.documentElement.append(script);
      }),
    src,
  );
}

const pages = {
  'of another site': () => `http://${EVIL}:${attacker.port}/`,
  'of another port of this machine': () => `http://127.0.0.1:${attacker.port}/`,
  'of another port of localhost': () => `http://localhost:${attacker.port}/`,
  'of a name that was led to the server itself': () => `http://${EVIL}:${new URL(server.origin).port}/status/200`,
  'without an origin': () => `http://127.0.0.1:${attacker.port}/sandbox`,
};

for (const [what, url] of Object.entries(pages)) {
  test(`a page ${what} reads nothing that is not its own, and reaches no other port`, async () => {
    const page = await open(url());
    const read = await everything(page);
    assert.deepEqual(
      read.filter((text) => SECRET.test(text)),
      [],
    );
    assert.deepEqual(reached, []);
    // It did reach the server, which says what it sent itself.
    assert.ok(read.includes('hello\nmore'), read.join('\n'));
  });
}

test('a page of the server, and a client with the token, can read the secrets', async () => {
  const origin = server.origin.replace('ws', 'http');
  const token = server.control.split('/').pop();
  const own = await open(`${origin}/`);
  assert.match(await listen(own, `${server.origin}/probe`), new RegExp(COOKIE));
  assert.match(await get(own, `${origin}/notes.js`), new RegExp(FILE));
  const there = await listen(own, `${server.origin}/pipe?to=${new URL(server.origin).host}`, {
    says: ['bytes:GET /notes.js HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  });
  assert.match(there, new RegExp(FILE));
  // The cookie goes along within one site only: 127.0.0.1, whatever the port.
  const other = await open(`http://127.0.0.1:${attacker.port}/`);
  assert.match(await listen(other, `${server.origin}/probe?token=${token}`), new RegExp(COOKIE));
});
