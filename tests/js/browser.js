// Ours beside the browser's own: the same shape, and the same story of the same life.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { refused, url } from './server.js';

const Browser = window.WebSocket;

/** What a property looks like from outside. */
function shape(holder, name) {
  const property = Object.getOwnPropertyDescriptor(holder, name);
  if (!property) return 'missing';
  const { enumerable, configurable, writable, value } = property;
  const kind = property.get ? `${property.set ? 'read-write' : 'read-only'} attribute` : typeof value;
  const detail = typeof value === 'function' && name !== 'constructor' ? `of ${value.length}` : typeof value === 'number' ? value : '';
  return [kind, detail, enumerable && 'enumerable', configurable && 'configurable', writable && 'writable'].filter(Boolean).join(' ');
}

describe("compared with the browser's own class", () => {
  it('every property of the prototype looks the same, and postMessage is the only other', () => {
    const ours = Reflect.ownKeys(WebSocket.prototype);
    const theirs = Reflect.ownKeys(Browser.prototype);
    for (const name of theirs) {
      assert.equal(shape(WebSocket.prototype, name), shape(Browser.prototype, name), String(name));
    }
    assert.deepEqual(
      ours.filter((name) => !theirs.includes(name)),
      ['postMessage'],
    );
  });

  it('every property of the class looks the same', () => {
    for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED', 'name', 'length']) {
      assert.equal(shape(WebSocket, name), shape(Browser, name), name);
    }
  });

  for (const [title, address, protocols, act] of [
    ['an exchange and a clean close', url('/echo'), ['chat.v1'], (socket) => ['a', 'é', ''].forEach((word) => socket.send(word))],
    ['a close in the middle of an exchange', url('/echo'), [], (socket) => (socket.send('never seen'), socket.close(4000, 'bye'))],
    ['a close of the peer', url('/close?code=4567&reason=why'), [], () => {}],
    ['a flood, then a close of the peer', url('/flood?count=20&size=10'), [], () => {}],
    ['a connection that is cut', url('/cut'), [], (socket) => socket.send('cut me')],
    ['a refused connection', refused, [], () => {}],
    ['a handshake that is answered 404', url('/status/404'), [], () => {}],
    ['a subprotocol that the server does not know', url('/echo'), ['unknown'], (socket) => socket.close()],
  ]) {
    it(`the story of ${title} is the same`, async () => {
      const theirs = await story(new Browser(address, protocols), act);
      const ours = await story(new WebSocket(address, protocols), act);
      assert.deepEqual(ours, theirs);
      assert.isAbove(theirs.length, 1);
    });
  }
});

/** Every event of a socket's life, with the socket's attributes at that moment. */
function story(socket, act) {
  const lines = [];
  const tell = (event, ...details) => {
    // Not bufferedAmount: when it falls is a matter of time.
    const { url, readyState, protocol, extensions, binaryType } = socket;
    lines.push([event.type, ...details, url, readyState, protocol, extensions, binaryType].join(' | '));
  };
  return new Promise((resolve) => {
    let answers = 0;
    socket.onopen = (event) => {
      tell(event);
      act(socket);
    };
    socket.onmessage = (event) => {
      tell(event, typeof event.data, event.data.size ?? event.data, event.origin);
      answers += 1;
      if (answers === 3 && socket.url.endsWith('/echo')) socket.close(1000, 'done');
    };
    socket.onerror = (event) => tell(event);
    socket.onclose = (event) => {
      tell(event, event.code, event.reason, event.wasClean);
      resolve(lines);
    };
  });
}
