// Runs the tests in this page and keeps what happened where WebDriver reads it: `window.outcome`.

import { OVER_STREAM, PAGES, SESSION } from './pages.js';

/** `?page=0` runs the files of one page, `?page=session` those of sessions, `?only=fuzz,clauses/send` those named, `?transport=websocket-stream` those of channels over it. */
const query = new URLSearchParams(location.search);
const files = query.get('only')?.split(',') ?? (query.get('page') === 'session' ? SESSION : PAGES[query.get('page')]) ?? OVER_STREAM;

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
  for (const file of files) await import(`./${file}.js`);
  mocha.run();
} catch (error) {
  outcome.failures.push({ title: 'the tests cannot be loaded', message: `${error}`, stack: `${error.stack}` });
  outcome.done = true;
}
