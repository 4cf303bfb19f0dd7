// What an idle connection costs a server: resident memory per connection when it is open, after a message of 1 KiB, after one of 64 KiB.
// README.md says how it is measured.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../run/build.mjs';
import { CommandError, end, run } from '../run/process.mjs';
import { setupOrExit } from '../run/setup.mjs';
import { raised, settled, told } from './servers.mjs';

const PACKAGE = 'websocket-channel-bench';
const program = join(root, 'target', 'release', PACKAGE);
/** Whom the program serves, and npm `ws`: as it runs by itself, and with the garbage collected before each look. */
const SERVERS = ['socket', 'channel', 'ours', 'test-server', 'fastwebsockets', 'tungstenite', 'ws', 'ws collected'];
const SIZES = [1 << 10, 64 << 10];
const CONNECTIONS = 10_000;

/** @param {string[]} args */
export async function bench(args) {
  const { connections, servers } = options(args);
  if (servers.some(isWs)) await setupOrExit({ tests: true, browsers: [], needs: ['peers'] });
  await run('cargo', ['build', '--quiet', '--locked', '--release', '-p', PACKAGE], { cwd: root });
  const rows = [];
  console.log(`\nresident KB per connection, ${connections} connections`);
  print('server', ['before, MB', 'open', ...SIZES.map((size) => `after ${size >> 10} KiB`)]);
  for (const name of servers) {
    const row = await measure(name, connections);
    print(name, [(row.before / 1000).toFixed(1), ...row.each.map((kb) => kb.toFixed(2))]);
    rows.push(row);
  }
  const ws = rows.find(({ name }) => name === 'ws');
  for (const { name, each } of ws ? rows : []) print(`${name} / ws`, ['', ...each.map((kb, at) => (kb / ws.each[at]).toFixed(2))]);
  return { connections, sizes: SIZES, rows };
}

function options(args) {
  try {
    const { values } = parseArgs({ args, options: { connections: { type: 'string' }, servers: { type: 'string' } } });
    const connections = Number(values.connections ?? CONNECTIONS);
    if (!Number.isInteger(connections) || connections < 1)
      throw new Error(`--connections wants a number from 1, not ${values.connections}`);
    const servers = values.servers?.split(',') ?? SERVERS;
    const unknown = servers.find((name) => !SERVERS.includes(name));
    if (unknown !== undefined) throw new Error(`no server is called ${unknown}; there are ${SERVERS.join(', ')}`);
    return { connections, servers };
  } catch (error) {
    throw new CommandError(`bench idle: ${error.message}`);
  }
}

const isWs = (name) => name.startsWith('ws');

/** Runs one server and its idle connections. */
async function measure(name, connections) {
  const files = await raised(connections);
  const command = isWs(name) ? [process.execPath, '--expose-gc', join(root, 'tests/bench/idle/ws.mjs')] : [program, 'serve', name];
  const server = told(...files(command));
  const port = await server.line();
  const resident = async () => {
    if (name === 'ws collected') await server.tell('');
    return (await settled(server.child.pid)) / 1000;
  };
  const before = await resident();
  const holder = told(...files([program, 'hold', port, String(connections)]));
  try {
    await holder.line();
    const each = [(await resident()) - before];
    for (const size of SIZES) {
      await holder.tell(size);
      each.push((await resident()) - before);
    }
    return { name, before, each: each.map((kb) => kb / connections) };
  } finally {
    await end(holder.child);
    await end(server.child);
  }
}

function print(name, cells) {
  console.log(name.padEnd(24) + cells.map((cell) => String(cell).padStart(14)).join(''));
}
