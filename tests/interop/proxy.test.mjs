// Our native client through a proxy that is not ours: tinyproxy, to our server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { capture } from '../run/process.mjs';
import { startTestServer } from '../run/test-server.mjs';
import { NATIVE, passes, startServer, tools } from './support.mjs';

const USER = 'ednamode';
const PASSWORD = 'nocapes';

let server;
before(async () => (server = await startTestServer()));
after(() => server?.stop());

/** Tunnels to the server's two ports only. */
function startProxy(...more) {
  const allowed = [server.origin, server.secure].map((url) => `ConnectPort ${new URL(url).port}`);
  const configuration = (folder, [port]) =>
    [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      `LogFile "${join(folder, 'log')}"`,
      'LogLevel Connect',
      ...allowed,
      ...more,
      '',
    ].join('\n');
  return startServer(1, configuration, (file) => [tools.tinyproxy, ['-d', '-c', file]]);
}

async function refused(args) {
  const { ok, output } = await capture(NATIVE, ['hello', ...args], { quiet: true });
  assert.ok(!ok, output);
  return output;
}

describe('through tinyproxy', () => {
  let proxy;
  let url;
  before(async () => {
    proxy = await startProxy();
    url = `http://127.0.0.1:${proxy.ports[0]}`;
  });
  after(() => proxy?.stop());

  test('ws passes every check', async () => {
    await passes([server.origin, '--proxy', url]);
    // And it was the proxy that it went through.
    const { host } = new URL(server.origin);
    assert.match(readFileSync(join(proxy.folder, 'log'), 'utf8'), new RegExp(`CONNECT ${host} HTTP/1.1`));
  });

  test('wss passes every check', () => passes([server.secure, '--root', server.root, '--proxy', url]));

  test('a port that the proxy does not allow is a refusal with its status', async () => {
    assert.match(await refused([`ws://127.0.0.1:${server.refusedPort}`, '--proxy', url]), /\b403\b/);
  });
});

describe('through tinyproxy with credentials', () => {
  let proxy;
  const url = (credentials) => `http://${credentials}127.0.0.1:${proxy.ports[0]}`;
  before(async () => (proxy = await startProxy(`BasicAuth ${USER} ${PASSWORD}`)));
  after(() => proxy?.stop());

  test('the right ones pass every check', () => passes([server.origin, '--proxy', url(`${USER}:${PASSWORD}@`)]));

  test('none are a refusal that asks for them', async () => {
    assert.match(await refused([server.origin, '--proxy', url('')]), /the proxy requires credentials/);
  });

  test('wrong ones are a refusal with its status', async () => {
    // As tinyproxy has it, where others say 407 again.
    assert.match(await refused([server.origin, '--proxy', url(`${USER}:capes@`)]), /with status 401/);
  });
});
