// Rejections, for tests that expect them.

import { assert } from 'chai';

/** What `action` rejects with: an error of this class. */
export async function rejects(action, Class, hint = '') {
  try {
    await action();
  } catch (error) {
    assert.instanceOf(error, Class, hint);
    return error;
  }
  return assert.fail(`it did not reject ${hint}`);
}
