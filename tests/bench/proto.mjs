// The protocol core beside tungstenite and fastwebsockets: instructions, masking, echo. README.md says what each row means.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { root } from '../run/build.mjs';
import { CommandError, capture, end, run, start } from '../run/process.mjs';
import { which } from '../run/setup/process.mjs';

const PACKAGE = 'websocket-channel-bench';
const PARTS = { instructions, masking, echo };
const LIBRARIES = ['ours', 'tungstenite', 'fastwebsockets'];
const SERVERS = [...LIBRARIES, 'socket', 'channel', 'test-server'];
/** Message sizes with the messages of the shorter run; the longer one has twice as many. */
const SIZES = [
  [64, 4_000],
  [1024, 2_000],
  [65_536, 200],
];
const CODING = [
  'decode binary masked',
  'decode binary unmasked',
  'decode text masked',
  'decode text unmasked',
  'encode binary masked',
  'encode binary unmasked',
];
const MASKING = [1024, 4096, 16_384, 65_536, 1 << 20];
/** Connections, bytes, pipelined messages. */
const ECHO = [
  [1, 64, 1],
  [32, 64, 1],
  [32, 64, 16],
  [8, 1024, 8],
  [4, 65_536, 2],
  [2, 1 << 20, 1],
];
/** A repeated move is one instruction that does the work of thousands; this has glibc copy with vectors, which count as what they are. */
const COUNTABLE = { GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-ERMS,-FSRM' };

/** @param {string[]} args */
export async function bench(args) {
  const { quick, only } = options(args);
  await run('cargo', ['build', '--quiet', '--locked', '--release', '-p', PACKAGE], { cwd: root });
  const results = {};
  for (const part of only) results[part] = await PARTS[part](quick);
  return results;
}

function options(args) {
  try {
    const { values } = parseArgs({ args, options: { quick: { type: 'boolean' }, only: { type: 'string' } } });
    const only = values.only?.split(',') ?? Object.keys(PARTS);
    const unknown = only.find((part) => !Object.hasOwn(PARTS, part));
    if (unknown !== undefined) throw new Error(`no part is called ${unknown}; there are ${Object.keys(PARTS).join(', ')}`);
    return { quick: values.quick ?? false, only };
  } catch (error) {
    throw new CommandError(`bench proto: ${error.message}`);
  }
}

const program = join(root, 'target', 'release', PACKAGE);

async function output(command, args, options) {
  const { ok, output } = await capture(command, args, { quiet: true, cwd: root, ...options });
  if (!ok) throw new CommandError(`failed: ${command} ${args.join(' ')}\n${output}`);
  return output;
}

/** Instructions per message: two runs, of which the longer one has twice the messages; what is done once cancels. */
async function instructions(quick) {
  if (!which(['valgrind'], process.env)) {
    throw new CommandError(
      'bench proto: valgrind is missing, which counts instructions; on Debian: apt-get install valgrind. Or: --only masking,echo',
    );
  }
  const count = async (words) => {
    const args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, 'frames', ...words.map(String)];
    return Number((await output('valgrind', args, { env: COUNTABLE })).match(/Collected : (\d+)/)[1]);
  };
  heading('instructions per message', LIBRARIES, 'ours / best');
  const rows = [];
  for (const coding of CODING) {
    for (const [size, messages] of quick ? SIZES.map(([size, messages]) => [size, messages / 4]) : SIZES) {
      const row = { what: `${coding} ${size} B` };
      for (const library of LIBRARIES) {
        const words = [library, ...coding.split(' '), size];
        row[library] = Math.round(((await count([...words, 2 * messages])) - (await count([...words, messages]))) / messages);
      }
      row.ratio = ratio(row.ours, Math.min(...LIBRARIES.slice(1).map((library) => row[library])));
      print(
        row.what,
        LIBRARIES.map((library) => row[library]),
        row.ratio,
      );
      rows.push(row);
    }
  }
  return rows;
}

/** GB/s of masking a buffer in place, beside copying one of the same size, in turns in one process. */
async function masking() {
  const columns = ['masking', 'copying'];
  heading('GB/s', columns, 'masking / copying');
  const rows = [];
  for (const size of MASKING) {
    const measured = JSON.parse(await output(program, ['masking', String(size)]));
    const row = { what: `${size} B`, ...measured, ratio: ratio(measured.masking, measured.copying) };
    print(
      row.what,
      columns.map((column) => (row[column] / 1e9).toFixed(1)),
      row.ratio,
    );
    rows.push(row);
  }
  return rows;
}

/** Messages a second over loopback: every server has a turn in every round, and the median of them counts. */
async function echo(quick) {
  const [rounds, milliseconds] = quick ? [3, 300] : [7, 700];
  const servers = {};
  for (const name of SERVERS) servers[name] = await serve(name);
  heading('echoed messages a second', SERVERS, 'ours / best', 'spread');
  const rows = [];
  for (const [connections, size, pipelined] of ECHO) {
    const rates = Object.fromEntries(SERVERS.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      // Not always the same first: a machine that warms up or is busy for a while does so for all.
      for (const name of [...SERVERS.slice(round % SERVERS.length), ...SERVERS.slice(0, round % SERVERS.length)]) {
        const words = ['load', servers[name].port, connections, size, pipelined, milliseconds].map(String);
        rates[name].push(Number(await output(...on(1, program, words))));
      }
    }
    const row = { what: `${connections} x ${size} B x ${pipelined}` };
    for (const name of SERVERS) row[name] = Math.round(median(rates[name]));
    row.ratio = ratio(row.ours, Math.max(row.tungstenite, row.fastwebsockets));
    // Round by round, since what disturbs one server disturbs its neighbour.
    const paired = rates.ours.map((rate, round) => rate / Math.max(rates.tungstenite[round], rates.fastwebsockets[round]));
    row.spread = [Math.min(...paired), Math.max(...paired)].map((number) => Number(number.toFixed(2)));
    print(
      row.what,
      SERVERS.map((name) => row[name]),
      row.ratio,
      row.spread.join(' … '),
    );
    rows.push({ ...row, rates });
  }
  for (const { child } of Object.values(servers)) await end(child);
  return rows;
}

/** An echo server in a process of its own. */
async function serve(library) {
  const child = start(...on(0, program, ['serve', library]), { stdio: ['ignore', 'pipe', 'inherit'] });
  const first = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), child.ended.then(() => null)]);
  if (!first) throw new CommandError(`bench proto: the server of ${library} ended before it listened`);
  return { child, port: first[0] };
}

/** A command bound to one processor, where there are two and a way to do it: the server on one, the load on the other. */
function on(processor, command, args) {
  if (availableParallelism() < 2 || !which(['taskset'], process.env)) return [command, args];
  return ['taskset', ['--cpu-list', String(processor), command, ...args]];
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function ratio(one, other) {
  return Number((one / other).toFixed(2));
}

function heading(what, ...columns) {
  console.log('');
  print(what, ...columns);
}

function print(what, ...columns) {
  console.log(
    what.padEnd(32) +
      columns
        .flat()
        .map((cell) => String(cell).padStart(18))
        .join(''),
  );
}
