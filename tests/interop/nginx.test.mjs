// nginx in front of our server, with TLS of its own and without, and in front of our server's TLS.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTestServer } from '../run/test-server.mjs';
import { NATIVE, PEERS, checks, passes, startServer, succeeds, tools } from './support.mjs';

const { WebSocket } = createRequire(new URL('../peers/package.json', import.meta.url))('ws');

let server;
let nginx;
let certificates;
before(async () => {
  server = await startTestServer();
  certificates = mkdtempSync(join(tmpdir(), 'websocket-channel-'));
  await succeeds(NATIVE, ['certificate', certificates]);
  nginx = await startServer(3, configuration, (file, folder) => [tools.nginx, ['-p', folder, '-c', file, '-e', 'stderr']]);
});
after(async () => {
  await nginx?.stop();
  await server?.stop();
  if (certificates) rmSync(certificates, { recursive: true });
});

/** As nginx's own manual has it for WebSockets. The first port is plain, the second has TLS, the third is plain and has TLS behind. */
function configuration(folder, [plain, secure, behind]) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`);
  const location = (upstream) => `
      location / {
        proxy_pass ${upstream};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        add_header X-Served-By nginx always;
        proxy_ssl_trusted_certificate ${server.root};
        proxy_ssl_verify on;
        proxy_ssl_server_name on;
        proxy_ssl_name localhost;
      }`;
  const http = server.origin.replace('ws:', 'http:');
  return `
    daemon off;
    master_process off;
    pid ${join(folder, 'pid')};
    events {}
    http {
      access_log off;
      ${paths.join('\n      ')}
      map $http_upgrade $connection_upgrade { default upgrade; '' close; }
      server {
        listen 127.0.0.1:${plain};
        ${location(http)}
      }
      server {
        listen 127.0.0.1:${secure} ssl;
        ssl_certificate ${join(certificates, 'certificate.pem')};
        ssl_certificate_key ${join(certificates, 'key.pem')};
        ${location(http)}
      }
      server {
        listen 127.0.0.1:${behind};
        ${location(server.secure.replace('wss:', 'https:'))}
      }
    }`;
}

const root = () => join(certificates, 'root.pem');
const port = (index) => nginx.ports[index];

describe('our client through nginx to our server', () => {
  test('ws passes every check', () => passes([`ws://127.0.0.1:${port(0)}`]));
  test('wss, ended by nginx, passes every check', () => passes([`wss://localhost:${port(1)}`, '--root', root()]));
  test('ws, with TLS between nginx and our server, passes every check', () => passes([`ws://127.0.0.1:${port(2)}`]));
});

test("npm ws through nginx's TLS to our server passes every check", async () => {
  const [program, ...args] = PEERS.ws;
  const wrong = [...(await checks(program, [...args, 'client', `wss://localhost:${port(1)}`, root()]))].filter(([, reason]) => reason);
  assert.deepEqual(wrong, []);
});

test('header lines that nginx adds reach our server, and those that it adds to the answer are harmless', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port(0)}/probe`);
  const [[answer], [message]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'message')]);
  assert.equal(answer.headers['x-served-by'], 'nginx');
  const { headers } = JSON.parse(message);
  assert.deepEqual(
    headers.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value),
    ['127.0.0.1'],
  );
  socket.terminate();
});

test('a refusal passes through nginx with its status', async () => {
  await assert.rejects(succeeds(NATIVE, ['hello', `ws://127.0.0.1:${port(0)}/status/503?`]), /\b503\b/);
});
