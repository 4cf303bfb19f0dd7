import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { throwIfInterrupted } from './process.mjs';

/** A temporary folder's prefix; what begins with it is never used and is removed by the next run. */
const UNFINISHED = '.unfinished-';
/** A lock folder without an owner is one being taken; after this time its taker has died. */
const OWNERLESS_MS = 5_000;

/** Where the tools are kept: outside the checkout, so that a clean clone need not build them again. */
export function cacheFolder(env) {
  if (env.WEBSOCKET_CHANNEL_CACHE) return resolve(env.WEBSOCKET_CHANNEL_CACHE);
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'websocket-channel');
  const home = env.HOME ?? homedir();
  return process.platform === 'darwin' ? join(home, 'Library/Caches/websocket-channel') : join(home, '.cache/websocket-channel');
}

/**
 * The per-user folder of finished tools, one folder each, named for tool and version.
 *
 * A folder with a finished name is complete: it is made under another name and renamed when done.
 * Changing the cache needs the lock: call `lock()`, then `sweep()`, then `place()`.
 */
export class Cache {
  constructor(folder) {
    this.folder = folder;
  }

  /** The path of the finished item `name`, whether it is there or not. */
  path(...name) {
    return join(this.folder, ...name);
  }

  /** The names of the finished items. */
  names() {
    try {
      return readdirSync(this.folder).filter((name) => !name.startsWith('.'));
    } catch {
      return [];
    }
  }

  /** Where the output of the programs that set-up runs is kept. */
  logFile(name) {
    return this.path('.logs', `${name}.log`);
  }

  /** The compiler's work folder, shared by the tools (they have most dependencies in common) and by repeated runs. */
  get buildFolder() {
    return this.path('.build');
  }

  /**
   * Makes the item `name`: `build(folder)` fills an empty folder, which then takes the name.
   * If `build` throws, nothing is left.
   */
  async place(name, build) {
    const unfinished = this.path(`${UNFINISHED}${process.pid}-${name}`);
    mkdirSync(unfinished, { recursive: true });
    try {
      await build(unfinished);
      throwIfInterrupted();
      rmSync(this.path(name), { recursive: true, force: true });
      renameSync(unfinished, this.path(name));
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
    return this.path(name);
  }

  /** Removes what runs that were killed left behind. */
  sweep() {
    for (const name of readdirSync(this.folder)) {
      if (name.startsWith(UNFINISHED)) rmSync(this.path(name), { recursive: true, force: true });
    }
  }

  /** Removes the compiler's work folder (a gigabyte), once nothing is left to build. */
  dropBuildFolder() {
    rmSync(this.buildFolder, { recursive: true, force: true });
  }

  /**
   * Waits until no other run works on this cache, and returns the function that lets the next one in.
   *
   * The lock is a folder with one file named for its owner. A dead owner's lock is taken over by deleting that file:
   * of several who try, the system lets exactly one succeed.
   */
  async lock(log) {
    const folder = this.path('.lock');
    const me = ownerName(process.pid);
    const own = () => {
      writeFileSync(join(folder, me), '');
      return () => {
        rmSync(join(folder, me), { force: true });
        rmSync(folder, { recursive: true, force: true });
      };
    };
    try {
      mkdirSync(this.folder, { recursive: true });
    } catch (error) {
      throw new SetupFailure(
        `set-up: cannot create the cache folder ${this.folder} (${error.code}); set WEBSOCKET_CHANNEL_CACHE to a folder that you may write to`,
      );
    }
    for (let said = false; ; await new Promise((wake) => setTimeout(wake, 200))) {
      throwIfInterrupted();
      try {
        mkdirSync(folder);
        return own();
      } catch (error) {
        if (error.code !== 'EEXIST') {
          throw new SetupFailure(
            `set-up: cannot write to the cache folder ${this.folder} (${error.code}); set WEBSOCKET_CHANNEL_CACHE to a folder that you may write to`,
          );
        }
      }
      try {
        const [owner] = readdirSync(folder);
        if (owner === undefined) {
          if (Date.now() - statSync(folder).mtimeMs > OWNERLESS_MS) rmdirSync(folder);
        } else if (ownerName(Number.parseInt(owner, 10)) !== owner) {
          unlinkSync(join(folder, owner));
          return own();
        } else if (!said) {
          said = true;
          log(`set-up: another set-up (process ${Number.parseInt(owner, 10)}) is at work on ${this.folder}; waiting for it`);
        }
      } catch (error) {
        // Somebody else was quicker: look again.
        if (!['ENOENT', 'ENOTEMPTY'].includes(error.code)) throw error;
      }
    }
  }
}

/**
 * A name for a living process that no later process with the same number has: number and, where the system tells it,
 * start time. Empty for one that is not alive.
 */
function ownerName(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return '';
  }
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return `${pid}`;
  // proc(5): the start time is field 22; the name in field 2 may contain spaces, so count from its closing bracket.
  try {
    const fields = readFileSync(stat, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${pid}-${fields[19]}`;
  } catch {
    return '';
  }
}
