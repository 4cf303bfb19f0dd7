// Under a Content Security Policy that forbids to connect, each browser has its own way: ours follows it.

import { assert } from 'chai';
import { same } from './transcript.js';

it('a connection that the security policy forbids ends the same', async () => {
  const frame = document.createElement('iframe');
  frame.src = `./blocked.html${location.search}`;
  const told = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }));
  document.body.append(frame);
  try {
    const { theirs, ours, error } = await told;
    assert.isUndefined(error);
    same(ours, theirs);
  } finally {
    frame.remove();
  }
});
