// A native session as a process of its own, which does what it is told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { end, start } from '../run/process.mjs';
import { NATIVE } from './support.mjs';

/**
 * Starts one at an echo, and waits until it is open.
 * @param {string} url
 * @returns {Promise<{pid: number, numbers(count: number): Promise<{next: number, resumed: number}>, stats(): Promise<{next: number, resumed: number}>,
 *   close(): Promise<{code: number, clean: boolean}>, stop(): Promise<void>}>}
 */
export async function startSession(url) {
  const child = start(NATIVE, ['session', url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const line = async () => {
    const next = await Promise.race([once(lines, 'line'), child.ended.then(() => null)]);
    assert.ok(next, 'the session ended');
    return JSON.parse(next[0]);
  };
  const ask = (command) => {
    const answer = line();
    child.stdin.write(`${command}\n`);
    return answer;
  };
  await line();
  return {
    pid: child.pid,
    numbers: (count) => ask(`numbers ${count}`),
    stats: () => ask('stats'),
    async close() {
      const closed = line();
      child.stdin.end();
      return closed;
    },
    stop: () => end(child),
  };
}
