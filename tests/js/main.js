// Runs the tests in this page and keeps what happened where WebDriver reads it: `window.outcome`.

// prettier-ignore
const FILES = [
  // First: Firefox connects to one host at a time, and may hold on for 20 s to what the other tests gave up while it connected.
  'channel/exchange', 'channel/close', 'channel/errors', 'channel/flow', 'channel/status', 'channel/signal', 'channel/streams',
  'channel/schema', 'channel/garbage', 'channel/internal',
  'clauses/interface', 'clauses/constructor', 'clauses/send', 'clauses/close', 'clauses/binary_type', 'clauses/events', 'clauses/handlers',
  'clauses/listeners', 'clauses/subclass', 'clauses/reentry', 'blocked', 'fuzz',
  'exchange', 'timeout', 'installed', 'trap', 'leaks', 'readme_test',
];
/** `?only=fuzz,clauses/send` of the page leaves the others out. */
const only = new URLSearchParams(location.search).get('only')?.split(',') ?? FILES;

/** A test that takes longer is named at the end. */
const SLOW_MS = 2000;

const outcome = { done: false, passed: 0, skipped: 0, failures: [], slow: [], current: '' };
window.outcome = outcome;

class Collector {
  constructor(runner) {
    runner.on('test', (test) => (outcome.current = test.fullTitle()));
    runner.on('pass', (test) => {
      outcome.passed += 1;
      if (test.duration > SLOW_MS) outcome.slow.push({ title: test.fullTitle(), duration: test.duration });
    });
    runner.on('pending', () => (outcome.skipped += 1));
    runner.on('fail', (test, error) => {
      outcome.failures.push({ title: test.fullTitle(), message: `${error.message}`, stack: `${error.stack}` });
    });
    runner.once('end', () => (outcome.done = true));
  }
}

try {
  // For the slowest message of the slowest browser; a hang ends here.
  mocha.setup({ ui: 'bdd', reporter: Collector, timeout: 60_000, checkLeaks: false });
  for (const file of FILES.filter((file) => only.includes(file))) await import(`./${file}.js`);
  mocha.run();
} catch (error) {
  outcome.failures.push({ title: 'the tests cannot be loaded', message: `${error}`, stack: `${error.stack}` });
  outcome.done = true;
}
