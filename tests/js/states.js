// Construction, constants, states and the attributes.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { eachClass } from './classes.js';
import { finish, next, opened, url } from './server.js';
import { throwsDom } from './thrown.js';

const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

eachClass('the class', (Class) => {
  it('has the constants, on itself, its prototype and its objects, and they cannot be changed', async () => {
    const socket = new Class(url('/echo'));
    for (const [name, value] of Object.entries(STATES)) {
      for (const holder of [Class, Class.prototype, socket]) {
        assert.equal(holder[name], value);
        assert.throws(() => {
          holder[name] = 9;
        }, TypeError);
      }
    }
    await finish(socket);
  });

  it('is called WebSocket', () => {
    assert.equal(Class.name, 'WebSocket');
    assert.equal(Object.prototype.toString.call(Class.prototype), '[object WebSocket]');
  });

  it('is an EventTarget', () => {
    assert.instanceOf(Class.prototype, EventTarget);
  });

  it('wants new, and a URL', () => {
    assert.throws(() => Class(url('/echo')), TypeError);
    assert.throws(() => new Class(), TypeError);
  });
});

eachClass('a socket', (Class) => {
  it('goes through its states', async () => {
    const states = [];
    const socket = new Class(url('/echo'));
    states.push(socket.readyState);
    await new Promise((resolve) => {
      socket.onopen = () => {
        states.push(socket.readyState);
        socket.close();
        states.push(socket.readyState);
      };
      socket.onclose = () => resolve(states.push(socket.readyState));
    });
    assert.deepEqual(states, [0, 1, 2, 3]);
  });

  it('tells its URL as it was parsed', async () => {
    const cases = [
      [`${url('/echo')}?a b`, `${url('/echo')}?a%20b`],
      [url('/echo').replace('ws:', 'HTTP:'), url('/echo')],
      [new URL(url('/echo')), url('/echo')],
      ['/somewhere', `${location.origin.replace('http:', 'ws:')}/somewhere`],
    ];
    for (const [given, expected] of cases) {
      const socket = new Class(given);
      assert.equal(socket.url, expected);
      await finish(socket);
    }
  });

  it('throws at a send before it is open, and goes on', async () => {
    const socket = new Class(url('/echo'));
    throwsDom(() => socket.send('early'), 'InvalidStateError');
    await opened(socket);
    await finish(socket);
  });

  it('wants something to send', async () => {
    const socket = await opened(new Class(url('/echo')));
    assert.throws(() => socket.send(), TypeError);
    await finish(socket);
  });

  it('drops what is sent after the end, and counts it', async () => {
    const socket = await opened(new Class(url('/echo')));
    socket.close();
    // WebKit counts the head of the frame, too.
    socket.send('lost');
    const first = socket.bufferedAmount;
    assert.isAtLeast(first, 4);
    await next(socket, 'close');
    socket.send('também');
    assert.isAtLeast(socket.bufferedAmount, first + 7);
  });

  it('counts the bytes of UTF-8 that it has not sent', async () => {
    const socket = await opened(new Class(url('/echo')));
    assert.equal(socket.bufferedAmount, 0);
    socket.send('€');
    socket.send(new Uint8Array(5));
    assert.equal(socket.bufferedAmount, 8);
    await finish(socket);
  });

  it('has a binaryType that knows two values', async () => {
    const socket = new Class(url('/echo'));
    assert.equal(socket.binaryType, 'blob');
    socket.binaryType = 'arraybuffer';
    socket.binaryType = 'nonsense';
    assert.equal(socket.binaryType, 'arraybuffer');
    await finish(socket);
  });

  it('uses the subprotocol that the server chooses', async () => {
    for (const protocols of [['unknown', 'chat.v1'], 'chat.v1']) {
      const socket = new Class(url('/echo'), protocols);
      assert.equal(socket.protocol, '');
      await opened(socket);
      assert.equal(socket.protocol, 'chat.v1');
      await finish(socket);
    }
  });

  it('has no subprotocol and no extension when there is none', async () => {
    const socket = await opened(new Class(url('/echo')));
    assert.deepEqual([socket.protocol, socket.extensions], ['', '']);
    await finish(socket);
  });
});

describe('postMessage', () => {
  it('throws as send does', async () => {
    const socket = new WebSocket(url('/echo'));
    throwsDom(() => socket.postMessage('early'), 'InvalidStateError');
    await opened(socket);
    assert.throws(() => socket.postMessage(), TypeError);
    await finish(socket);
  });
});
