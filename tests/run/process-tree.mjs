// What a process has started. Browsers leave their driver's process group, so a signal to the group does not reach them.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** @typedef {{pid: number, parent: number, since: string}} Process `since` tells it from a later one of the same number */

/** All descendants of a process, as they are now. */
export function descendants(pid) {
  const processes = all();
  const found = [];
  const parents = new Set([pid]);
  // A child can be listed before its parent where numbers have wrapped around.
  for (let before = -1; before !== found.length;) {
    before = found.length;
    for (const process of processes) {
      if (!parents.has(process.parent) || parents.has(process.pid)) continue;
      parents.add(process.pid);
      found.push(process);
    }
  }
  return found;
}

/** Those of `processes` that still run. */
export function alive(processes) {
  const now = new Map(all().map((each) => [each.pid, each.since]));
  return processes.filter(({ pid, since }) => now.get(pid) === since);
}

/** Kills those of `processes` that still run. */
export function killAll(processes) {
  for (const { pid } of alive(processes)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

function all() {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs();
}

/** @returns {Process[]} */
function fromProc() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // proc(5): the name in parentheses may hold anything; behind it come state, parent, …, and as the 22nd field the start time.
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return fields[0] === 'Z' ? [] : [{ pid: Number(name), parent: Number(fields[1]), since: fields[19] }];
      } catch {
        return [];
      }
    });
}

/** @returns {Process[]} */
function fromPs() {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,lstart='], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap((line) => {
    const [, pid, parent, since] = line.match(/^\s*(\d+)\s+(\d+)\s+(.*)$/) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), since }] : [];
  });
}
