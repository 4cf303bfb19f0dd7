// A session through nginx, HAProxy and Apache, with their idle time-outs shortened by their own settings. Its heartbeat keeps an idle connection open. With
// a heartbeat that is longer than the time-out the proxy cuts it, and the session resumes with nothing lost. With `--all` it is idle for three minutes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestServer } from '../run/test-server.mjs';
import { startSession } from './session.mjs';
import { startServer, tools } from './support.mjs';

/** Seconds. The heartbeat is a third of the time-out. */
const TIMEOUT = 3;
const HEARTBEAT_MS = 1000;
/** Longer than two time-outs. */
const IDLE_MS = process.env.WEBSOCKET_CHANNEL_ALL ? 180_000 : 8000;
/** A cut is seen this soon after its time. */
const LATE_MS = 30_000;

const host = () => new URL(server.origin).host;

/** How each is started: its configuration, and the setting that is its idle time-out. */
const PROXIES = {
  nginx: {
    version: ['-v'],
    configuration: (folder, [port]) => `
      daemon off;
      master_process off;
      pid ${join(folder, 'pid')};
      events {}
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n')}
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://${host()};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout ${TIMEOUT}s;
            proxy_send_timeout ${TIMEOUT}s;
          }
        }
      }`,
    command: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr'],
  },
  haproxy: {
    version: ['-v'],
    configuration: (folder, [port]) => `
defaults
  mode http
  timeout connect 5s
  timeout client ${TIMEOUT}s
  timeout server ${TIMEOUT}s
  timeout tunnel ${TIMEOUT}s
listen sessions
  bind 127.0.0.1:${port}
  server echo ${host()}
`,
    command: (file) => ['-db', '-f', file],
  },
  apache: {
    version: ['-v'],
    configuration: (folder, [port]) => `
ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${join(folder, 'pid')}
DefaultRuntimeDir ${folder}
ErrorLog ${join(folder, 'log')}
${['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'proxy_wstunnel'].map((name) => `LoadModule ${name}_module ${join(tools.apache, `../../lib/apache2/modules/mod_${name}.so`)}`).join('\n')}
Timeout ${TIMEOUT}
ProxyTimeout ${TIMEOUT}
ProxyPass / http://${host()}/ upgrade=websocket timeout=${TIMEOUT}
`,
    command: (file) => ['-X', '-f', file],
  },
};

let server;
before(async () => (server = await startTestServer()));
after(() => server?.stop());

/** Bytes that the server got and sent, over all connections of a tag, and how many connections there were. */
async function carried(tag) {
  const { connections } = await (await fetch(`${server.control}/list?tag=${tag}`)).json();
  const sum = (name) => connections.reduce((total, each) => total + each[name], 0);
  return { received: sum('received'), sent: sum('sent'), count: connections.length };
}

for (const [name, { version, configuration, command }] of Object.entries(PROXIES)) {
  describe(`through ${name}`, { concurrency: true }, () => {
    let proxy;
    before(async () => {
      const { stdout, stderr } = spawnSync(tools[name], version, { encoding: 'utf8' });
      console.log((stdout + stderr).split('\n')[0]);
      proxy = await startServer(1, configuration, (file, folder) => [tools[name], command(file, folder)]);
    });
    after(() => proxy?.stop());

    const session = (tag, heartbeat) => startSession(`ws://127.0.0.1:${proxy.ports[0]}/session/echo?tag=${tag}&heartbeat=${heartbeat}`);

    test('an idle session stays open by its heartbeat, both ways', async (t) => {
      const tag = `${name}-idle`;
      const mine = await session(tag, HEARTBEAT_MS);
      t.after(() => mine.stop());
      assert.deepEqual(await mine.numbers(100), { next: 100, resumed: 0 });
      const until = Date.now() + IDLE_MS;
      let before = await carried(tag);
      while (Date.now() < until) {
        // Within every time-out something goes each way.
        await delay(TIMEOUT * 1000);
        const now = await carried(tag);
        assert.ok(now.received > before.received && now.sent > before.sent, `${JSON.stringify(before)} ${JSON.stringify(now)}`);
        assert.equal(now.count, 1);
        before = now;
      }
      assert.deepEqual(await mine.numbers(100), { next: 200, resumed: 0 });
      assert.deepEqual(await mine.close(), { code: 1000, clean: true });
    });

    test('one whose heartbeat is longer than the time-out is cut, and resumes with nothing lost', async (t) => {
      const tag = `${name}-cut`;
      const mine = await session(tag, 60_000);
      t.after(() => mine.stop());
      assert.deepEqual(await mine.numbers(100), { next: 100, resumed: 0 });
      const until = Date.now() + LATE_MS;
      while ((await mine.stats()).resumed < 2) {
        assert.ok(Date.now() < until, 'the proxy does not cut it');
        await delay(100);
      }
      const { next } = await mine.numbers(1000);
      assert.equal(next, 1100);
      assert.deepEqual(await mine.close(), { code: 1000, clean: true });
    });
  });
}
