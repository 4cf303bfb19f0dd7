// Sessions beside plain channels, natively: resident memory per idle connection and processor time of the server, and messages a second. README.md says how
// it is measured.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../run/build.mjs';
import { CommandError, capture, end, run } from '../run/process.mjs';
import { which } from '../run/setup/process.mjs';
import { raised, settled, told } from './servers.mjs';

const PACKAGE = 'websocket-channel-bench';
const program = join(root, 'target', 'release', PACKAGE);
/** What is held, and what loads it. */
const KINDS = { channel: 'plain', session: 'session' };
/** What is served under load, and what loads it: value by value, and by `send_all` and `batches`. */
const LOADED = { ...KINDS, 'channel-batches': 'plain-batches', 'session-batches': 'session-batches' };
/** Clock ticks of `/proc/PID/stat`, on every Linux that Node runs on. */
const TICKS = 100;
/** Clients, bytes, messages in flight for each. */
const LOADS = [
  [16, 64, 16],
  [16, 64, 256],
  [1, 64, 1],
];

/** @param {string[]} args */
export async function bench(args) {
  const { connections, seconds, rounds } = options(args);
  await run('cargo', ['build', '--quiet', '--locked', '--release', '-p', PACKAGE], { cwd: root });
  const idle = connections > 0 ? await idling(connections, seconds) : null;
  return { connections, seconds, idle, speed: rounds > 0 ? await speed(rounds) : null };
}

function options(args) {
  try {
    const names = ['connections', 'seconds', 'rounds'];
    const { values } = parseArgs({ args, options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
    const [connections, seconds, rounds] = [values.connections ?? 10_000, values.seconds ?? 40, values.rounds ?? 5].map(Number);
    if (![connections, seconds, rounds].every((number) => Number.isInteger(number) && number >= 0))
      throw new Error('--connections, --seconds and --rounds want numbers from 0');
    return { connections, seconds, rounds };
  } catch (error) {
    throw new CommandError(`bench serving: ${error.message}`);
  }
}

/** What idle connections cost the server. */
async function idling(connections, seconds) {
  console.log(`\n${connections} idle connections, heartbeat every 20 s`);
  print('', ['bytes, open', 'after 64 B', `CPU ms in ${seconds} s`]);
  const rows = {};
  for (const [name, kind] of Object.entries(KINDS)) {
    const files = await raised(connections);
    const server = told(...files([program, 'serve', name]));
    const port = await server.line();
    const before = await settled(server.child.pid);
    const holder = told(...files([program, 'hold-channels', port, kind, String(connections)]));
    try {
      await holder.line();
      const open = (await settled(server.child.pid)) - before;
      await holder.tell(64);
      const spoken = (await settled(server.child.pid)) - before;
      const from = spent(server.child.pid);
      await delay(seconds * 1000);
      const processor = spent(server.child.pid) - from;
      rows[name] = { open: open / connections, spoken: spoken / connections, processor };
      print(name, [Math.round(rows[name].open), Math.round(rows[name].spoken), processor]);
    } finally {
      await end(holder.child);
      await end(server.child);
    }
  }
  const above = (what) => Math.round(rows.session[what] - rows.channel[what]);
  print('session above channel', [above('open'), above('spoken'), above('processor')]);
  return rows;
}

/** Echoed messages a second, each kind in turn, and each kind's ratio to the channel value by value. */
async function speed(rounds) {
  console.log('\nechoed messages a second, our own client and server; in brackets the ratio to the channel value by value, and its spread');
  const names = Object.keys(LOADED);
  print('', names);
  const servers = {};
  for (const name of names) {
    const server = told(...on(0, program, ['serve', name]));
    servers[name] = { ...server, port: await server.line() };
  }
  const rows = [];
  for (const [clients, size, pipelined] of LOADS) {
    const rates = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (let at = 0; at < names.length; at += 1) {
        const name = names[(at + round) % names.length];
        const words = ['load-channels', servers[name].port, LOADED[name], clients, size, pipelined, 1000].map(String);
        const { ok, output } = await capture(...on(1, program, words), { quiet: true });
        if (!ok) throw new CommandError(`bench serving: ${output}`);
        rates[name].push(Number(output));
      }
    }
    const row = { what: `${clients} x ${size} B x ${pipelined}`, rates };
    const cells = names.map((name) => {
      const ratios = rates[name].map((rate, at) => rate / rates.channel[at]);
      row[name] = { rate: median(rates[name]), ratio: median(ratios) };
      return `${Math.round(row[name].rate)} (${row[name].ratio.toFixed(2)}, ${spread(ratios)})`;
    });
    print(row.what, cells);
    rows.push(row);
  }
  for (const { child } of Object.values(servers)) await end(child);
  return rows;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const spread = (numbers) => [Math.min(...numbers), Math.max(...numbers)].map((number) => number.toFixed(2)).join('-');

/** A command bound to one processor, where there are two and a way to do it: the server on one, the load on the other. */
function on(processor, command, args) {
  if (availableParallelism() < 2 || !which(['taskset'], process.env)) return [command, args];
  return ['taskset', ['--cpu-list', String(processor), command, ...args]];
}

/** Processor time so far, in milliseconds. */
function spent(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

function print(name, cells) {
  console.log(name.padEnd(24) + cells.map((cell) => String(cell).padStart(30)).join(''));
}
