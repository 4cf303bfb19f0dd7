/**
 * A stop that the user can do something about: the message says what was missing, what was tried and what to do.
 * Printed without a stack trace; anything else that is thrown is a bug of ours and keeps its stack.
 */
export class SetupFailure extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode 2: set-up could not be completed; 128 + n: ended by signal n, as shells report it
   */
  constructor(message, exitCode = 2) {
    super(message);
    this.name = 'SetupFailure';
    this.exitCode = exitCode;
  }
}

/** Words of the package managers for "nobody answers". */
const NO_NETWORK =
  /could ?n[o']t (resolve|connect)|failure resolving|unable to connect|network is unreachable|EAI_AGAIN|ENOTFOUND|ENETUNREACH|ECONNREFUSED|connection refused|connection timed out|ETIMEDOUT|error sending request|dns error|operation timed out|name resolution|failed to establish a new connection/i;

/**
 * The message of a step that failed: which, what was tried, what was said, what to do.
 *
 * @param {string} what the step, as its line in the plan names it
 * @param {string[]} tried the commands
 * @param {{output: string, tail: string, timedOut: boolean}} result of the last of them
 */
export function stepFailure(what, tried, result, context, logName) {
  const offline = result.timedOut || NO_NETWORK.test(result.output);
  return new SetupFailure(
    [
      `set-up: stopped at: ${what}`,
      ...tried.map((command) => `  tried: ${command}`),
      ...result.tail.split('\n').map((line) => `  | ${line}`),
      offline
        ? `  to do: this looks like no network (or a proxy that is not set). Run the same command again when it is back; what is already in ${context.cache.folder} stays.`
        : `  to do: see the lines above; the whole output is in ${context.cache.logFile(logName)}. Run the same command again afterwards; what is already in ${context.cache.folder} stays.`,
    ].join('\n'),
  );
}
