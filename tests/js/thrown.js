// What a call throws, for tests of the standard's exceptions.

import { assert } from 'chai';

/** Asserts that `call` throws a DOMException of this name. */
export function throwsDom(call, name, hint) {
  let thrown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  assert.instanceOf(thrown, DOMException, hint);
  assert.equal(thrown.name, name, hint);
}
