// Runs the tests in this page and keeps what happened where WebDriver reads it: `window.outcome`.

// prettier-ignore
const FILES = [
  'exchange', 'events', 'handlers', 'states', 'close', 'bad_input', 'timeout', 'browser', 'leaks', 'readme_test',
  'channel/exchange', 'channel/close', 'channel/errors', 'channel/flow', 'channel/status', 'channel/signal', 'channel/streams',
  'channel/schema', 'channel/garbage', 'channel/internal',
];

const outcome = { done: false, passed: 0, skipped: 0, failures: [], current: '' };
window.outcome = outcome;

class Collector {
  constructor(runner) {
    runner.on('test', (test) => (outcome.current = test.fullTitle()));
    runner.on('pass', () => (outcome.passed += 1));
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
  for (const file of FILES) await import(`./${file}.js`);
  mocha.run();
} catch (error) {
  outcome.failures.push({ title: 'the tests cannot be loaded', message: `${error}`, stack: `${error.stack}` });
  outcome.done = true;
}
