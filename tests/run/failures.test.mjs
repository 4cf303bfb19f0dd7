// What is told of a failure at the end of a log.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failures } from './failures.mjs';

const long = Array.from({ length: 300 }, (_, at) => `test number_${at} ... ok`);

test('a failed test is shown as its runner printed it, with the lines around it', () => {
  for (const line of [
    'test exchange::order_is_kept ... FAILED',
    'test exchange::order_is_kept ... FAIL',
    'FAILED firefox: Channel close: expected 1 to equal 2',
    '  ✖ by SIGTERM it ends its children (12.5ms)',
    'panicked at tests/promises/bounds.rs:19:9:',
    'Error: missing field `chunk` at line 1 column 300',
    'test broken::after ... FAIL',
    '---- typed::json_that_is_nested output ----',
    'a task panicked, and no test failed over it:',
    'error: test failed, to rerun pass `--test channel`',
    'the driver of webkit did not start: timed out',
  ]) {
    assert.deepEqual(failures([...long, 'before', line, 'after', ...long].join('\n')).slice(0, 3), ['before', line, 'after']);
  }
});

test("a program that passed, and a tool's warnings about its limits, are no failures", () => {
  const quiet = ['test result: ok. 54 passed; 0 failed; 0 ignored', 'Set WASM_BINDGEN_TEST_TIMEOUT to 300 seconds...'];
  const told = failures([...quiet, ...long, 'FAILED firefox: Channel close', ...long].join('\n'));
  assert.deepEqual(
    told.filter((line) => quiet.includes(line)),
    [],
  );
});

test('of a log without a failure its last lines are shown, and never too many', () => {
  assert.equal(failures(long.join('\n')).at(-1), long.at(-1));
  assert.equal(failures(long.join('\n')).length, 80);
  assert.equal(failures(long.map((line) => line.replace('ok', 'FAIL')).join('\n')).length, 80);
});
