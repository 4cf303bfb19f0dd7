// What the class answers to bad input: the standard's exceptions and events, within the connect timeout.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { eachClass } from './classes.js';
import { refused, url } from './server.js';
import { throwsDom } from './thrown.js';

const BAD_URLS = ['ws://', 'ws://[', 'ftp://127.0.0.1/', 'mailto:a@b', 'ws://127.0.0.1:65536/', 'ws://a^b/'];
const BAD_PROTOCOLS = ['', ' ', 'a b', 'a,b', 'a/b', 'é', 'a\u007f', 'a\r\n', {}, ['good', ''], ['good', 'a b']];

eachClass('bad input', (Class) => {
  for (const bad of BAD_URLS) {
    it(`the URL ${bad} throws a SyntaxError`, () => throwsDom(() => new Class(bad), 'SyntaxError'));
  }

  for (const path of ['/echo#', '/echo#part']) {
    it(`the fragment of ${path} throws a SyntaxError`, () => throwsDom(() => new Class(url(path)), 'SyntaxError'));
  }

  for (const bad of BAD_PROTOCOLS) {
    it(`the subprotocol ${JSON.stringify(bad)} throws a SyntaxError`, () => {
      throwsDom(() => new Class(url('/echo'), bad), 'SyntaxError');
    });
  }

  it('a subprotocol named twice throws a SyntaxError', () => {
    throwsDom(() => new Class(url('/echo'), ['a', 'b', 'a']), 'SyntaxError');
  });

  for (const [what, address] of [
    ['a port that nobody listens on', refused],
    ['a server that answers 404', url('/status/404')],
    ['a server that answers 200', url('/status/200')],
  ]) {
    it(`${what} gives error, then close with 1006`, async () => {
      const transcript = await transcriptOf(new Class(address));
      assert.deepEqual(transcript, ['error in state 3', 'close in state 3: 1006 "" unclean']);
    });
  }
});

describe('bad input with a connect timeout', () => {
  for (const [what, address] of [
    ['a port that nobody listens on', refused],
    ['a server that answers 404', url('/status/404')],
  ]) {
    it(`${what} gives error and close once, not again when the time is up`, async () => {
      const limit = 500;
      const socket = new WebSocket(address, [], { connectTimeoutMs: limit });
      const transcript = [];
      socket.onerror = () => transcript.push('error');
      socket.onclose = ({ code, wasClean }) => transcript.push(`close ${code} ${wasClean}`);
      // Longer than the limit, set after it: whatever the limit does, it has done by then.
      await new Promise((resolve) => setTimeout(resolve, limit + 1));
      assert.deepEqual(transcript, ['error', 'close 1006 false']);
    });
  }
});

/** Everything that the socket tells until it ends. */
function transcriptOf(socket) {
  const lines = [];
  return new Promise((resolve) => {
    socket.onopen = () => lines.push('open');
    socket.onmessage = () => lines.push('message');
    socket.onerror = () => lines.push(`error in state ${socket.readyState}`);
    socket.onclose = ({ code, reason, wasClean }) => {
      lines.push(`close in state ${socket.readyState}: ${code} "${reason}" ${wasClean ? 'clean' : 'unclean'}`);
      resolve(lines);
    };
  });
}
