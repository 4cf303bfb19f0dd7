// Server processes that benches start, speak to by lines, and measure.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, capture, start } from '../run/process.mjs';

/** Beside its connections a process has some files open. */
const SPARE = 100;
/** Resident memory that does not change in this time is what is kept. */
const SETTLED_MS = 300;

/** A way to start a command that may have so many connections, or the reason why there is none. */
export async function raised(connections) {
  const files = connections + SPARE;
  const { output } = await capture('sh', ['-c', 'ulimit -Hn'], { quiet: true });
  const hard = output.trim();
  if (hard !== 'unlimited' && Number(hard) < files)
    throw new CommandError(`a process may have ${hard} files here, and needs ${files}: --connections ${Number(hard) - SPARE}`);
  return (command) => ['sh', ['-c', `ulimit -n ${files} && exec "$0" "$@"`, ...command]];
}

/** A program that is told by lines, and answers by lines. */
export function told(command, args) {
  const child = start(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const line = async () => {
    const first = await Promise.race([once(lines, 'line'), child.ended.then(() => null)]);
    if (!first) throw new CommandError(`${args.at(-2)} ${args.at(-1)} ended`);
    return first[0];
  };
  return {
    child,
    line,
    tell(words) {
      const answer = line();
      child.stdin.write(`${words}\n`);
      return answer;
    },
  };
}

/** Resident memory in bytes, when it no longer changes. */
export async function settled(pid) {
  const read = () => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
  for (let last = read(); ;) {
    await delay(SETTLED_MS);
    const now = read();
    if (now === last) return now;
    last = now;
  }
}
