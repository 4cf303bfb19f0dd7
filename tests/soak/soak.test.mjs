// A native server among misbehaving clients: 200 of them for 20 s, or with `npm test -- --all soak` 2,000 for 10 minutes. Its memory has a bound and
// does not grow, and well-behaved clients beside them lose nothing. Everything is on loopback. Run by `npm test -- soak`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildNative } from '../run/test-server.mjs';
import { end, endChildrenOnSignals, start } from '../run/process.mjs';

const WHOLE = Boolean(process.env.WEBSOCKET_CHANNEL_ALL);
/** Misbehaving clients, the seconds they are there, those of one connection, and those after which nothing may grow any more. */
const [BAD, SECONDS, HELD, WARM] = WHOLE ? [2000, 600, 8, 60] : [200, 20, 2, 5];
/** The seconds in which the well-behaved clients are alone. */
const ALONE = WHOLE ? 20 : 3;
const GOOD = 20;
/**
 * Resident memory: the program's own, and 64 KiB for each client. A connection that is flooded may hold three times as much, a message of 64 KiB each way
 * and one in the making, but most are not.
 */
const BOUND_KB = 32 * 1024 + BAD * 64;
/** What an allocator may keep more at one time than at another. */
const GROWTH_KB = 4 * 1024;
const GROWTH = 1.1;
/** All that the server may ask the system for: where a bound does not hold it ends, and not the machine. */
const ADDRESSES_KB = 4 * 1024 * 1024;
/**
 * Of 100 answers 99 take at most so many times what they take without the others, or than this where that is less. Without: before them, or at the same time
 * from a server that has none of them, so that a busy machine slows down both.
 */
const SLOWER = 5;
const NOTHING_MS = WHOLE ? 10 : 20;
/** After the last client is gone: longer than every time-out of the server's. */
const GONE_MS = 30_000;
const LOOK_MS = 250;

endChildrenOnSignals();

/** A part of the program, which ends with its standard input; `files` of them may be open. */
function part(program, words, { files = BAD + 1000, addresses = 'unlimited', nice = 0 } = {}) {
  const limits = `ulimit -n ${files} && ulimit -v ${addresses} && exec nice -n ${nice} "$0" "$@"`;
  const child = start('sh', ['-c', limits, program, ...words.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const line = async () => {
    const first = await Promise.race([once(lines, 'line'), child.ended.then(() => null)]);
    assert.ok(first, `${words[0]} ended`);
    return first[0];
  };
  const ask = () => {
    const answer = line();
    child.stdin.write('\n');
    return answer.then(JSON.parse);
  };
  return { child, line, ask };
}

const resident = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)[1]);
const sockets = (pid) => readdirSync(`/proc/${pid}/fd`).length;
/** Seconds of processor, of which the kernel counts hundredths. */
const cpu = (pid) => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
};
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const mb = (kb) => `${(kb / 1024).toFixed(1)} MiB`;

test(
  `${BAD} misbehaving clients for ${SECONDS} s cost no more than ${mb(BOUND_KB)}, do not make it grow, and cost others nothing`,
  { skip: process.platform !== 'linux' && 'memory is read from /proc', timeout: (ALONE + SECONDS + 120) * 1000 },
  async (t) => {
    const program = await buildNative('websocket-channel-soak', 'release');
    const server = part(program, ['serve'], { addresses: ADDRESSES_KB });
    const { pid } = server.child;
    const parts = [server];
    t.after(() => Promise.all(parts.map(({ child }) => end(child))));
    const run = (...args) => {
      const child = part(program, ...args);
      parts.push(child);
      return child;
    };
    const port = await server.line();
    const good = run(['good', port, GOOD]);
    const quiet = run(['good', await run(['serve']).line(), GOOD]);

    // Debug builds, allocators and the kernel have their first times.
    await delay(1000);
    await Promise.all([good.ask(), quiet.ask()]);
    const before = sockets(pid);
    await delay(ALONE * 1000);
    const [alone] = await Promise.all([good.ask(), quiet.ask()]);

    // The clients of a real server have processors of their own.
    const bad = run(['bad', port, BAD, SECONDS, HELD], { nice: 19 });
    const busy = cpu(pid);
    const began = Date.now();
    const looks = [];
    const done = bad.line().then((line) => ({ deeds: JSON.parse(line) }));
    let ended = null;
    while (!ended) {
      ended = await Promise.race([done, delay(LOOK_MS, null)]);
      looks.push({ at: (Date.now() - began) / 1000, kb: resident(pid), sockets: sockets(pid) });
    }
    const [beside, without] = await Promise.all([good.ask(), quiet.ask()]);
    const took = cpu(pid) - busy;

    const gone = Date.now();
    while (sockets(pid) > before && Date.now() - gone < GONE_MS) await delay(LOOK_MS);
    const after = sockets(pid);
    await delay(1000);
    const last = await good.ask();

    const during = looks.filter(({ at }) => at <= SECONDS);
    const most = Math.max(...looks.map(({ kb }) => kb));
    const span = Math.min(WARM, SECONDS / 4);
    const early = median(during.filter(({ at }) => at >= WARM && at < WARM + span).map(({ kb }) => kb));
    const late = median(during.filter(({ at }) => at >= SECONDS - span).map(({ kb }) => kb));
    const counts = Object.values(ended.deeds);
    console.log(
      [
        `deeds: ${counts.length} kinds, ${counts.reduce((sum, count) => sum + count, 0)} in all, ${Math.min(...counts)} at least of each`,
        `connections at the server: at most ${Math.max(...looks.map((look) => look.sockets))}, before ${before}, afterwards ${after}`,
        `resident: at most ${mb(most)}, after ${WARM} s ${mb(early)}, in the last ${span} s ${mb(late)}, afterwards ${mb(resident(pid))}`,
        `per misbehaving client at most ${((most - looks[0].kb) / BAD).toFixed(1)} KiB`,
        `processor: the server took ${(took / SECONDS).toFixed(2)} of one`,
        `alone:   ${alone.messages} messages, p50 ${alone.p50.toFixed(2)} ms, p99 ${alone.p99.toFixed(2)} ms, at most ${alone.max.toFixed(1)} ms`,
        `without: ${without.messages} messages, p50 ${without.p50.toFixed(2)} ms, p99 ${without.p99.toFixed(2)} ms, at most ${without.max.toFixed(1)} ms, at the same time from another server`,
        `beside:  ${beside.messages} messages, p50 ${beside.p50.toFixed(2)} ms, p99 ${beside.p99.toFixed(2)} ms, at most ${beside.max.toFixed(1)} ms`,
      ].join('\n'),
    );
    assert.deepEqual([...alone.wrong, ...beside.wrong, ...last.wrong], []);
    assert.ok(last.messages > 0);
    assert.ok(Math.min(...counts) > 0, JSON.stringify(ended.deeds));
    assert.ok(most <= BOUND_KB, `${mb(most)} of at most ${mb(BOUND_KB)}`);
    assert.ok(late <= early * GROWTH + GROWTH_KB, `it grew from ${mb(early)} to ${mb(late)}`);
    assert.equal(after, before, 'connections that are left');
    const limit = SLOWER * Math.max(alone.p99, without.p99, NOTHING_MS);
    assert.ok(beside.p99 <= limit, `p99 of ${beside.p99} ms, at most ${limit} ms`);
  },
);
