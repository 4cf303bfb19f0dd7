// The events: their classes, fields, order, and what a listener's exception does.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { eachClass } from './classes.js';
import { finish, next, opened, refused, url } from './server.js';

eachClass('an event', (Class) => {
  const check = (event, type, Interface, socket) => {
    assert.strictEqual(event.constructor, Interface);
    assert.equal(event.type, type);
    assert.strictEqual(event.target, socket);
    assert.isFalse(event.bubbles);
    assert.isFalse(event.cancelable);
  };

  it('open', async () => {
    const socket = new Class(url('/echo'));
    check(await next(socket, 'open'), 'open', Event, socket);
    await finish(socket);
  });

  it('message', async () => {
    const socket = await opened(new Class(url('/echo')));
    const message = next(socket, 'message');
    socket.send('hello');
    const event = await message;
    check(event, 'message', MessageEvent, socket);
    assert.deepEqual([event.data, event.lastEventId, event.source, event.ports.length], ['hello', '', null, 0]);
    assert.equal(event.origin, new URL(url('/')).origin);
    await finish(socket);
  });

  it('close', async () => {
    const socket = new Class(url('/close?code=3456&reason=%E2%82%AC'));
    const event = await next(socket, 'close');
    check(event, 'close', CloseEvent, socket);
    assert.deepEqual([event.code, event.reason, event.wasClean], [3456, '€', true]);
  });

  it('error, which tells nothing', async () => {
    const socket = new Class(refused);
    check(await next(socket, 'error'), 'error', Event, socket);
  });

  it('has the socket as currentTarget and as this', async () => {
    const socket = new Class(url('/echo'));
    const seen = await new Promise((resolve) => {
      socket.onopen = function (event) {
        resolve([this, event.currentTarget]);
      };
    });
    assert.deepEqual(
      seen.map((each) => each === socket),
      [true, true],
    );
    await finish(socket);
  });

  it('comes once to a listener of once, to an object with handleEvent, and not to one that was removed', async () => {
    const socket = await opened(new Class(url('/echo')));
    const heard = [];
    const removed = () => heard.push('removed');
    socket.addEventListener('message', () => heard.push('once'), { once: true });
    socket.addEventListener('message', { handleEvent: ({ data }) => heard.push(`object ${data}`) });
    socket.addEventListener('message', removed);
    socket.removeEventListener('message', removed);
    for (const word of ['one', 'two']) {
      const message = next(socket, 'message');
      socket.send(word);
      await message;
    }
    assert.deepEqual(heard, ['once', 'object one', 'object two']);
    await finish(socket);
  });

  it('that a listener throws at is reported to the window, and the socket goes on', async () => {
    const socket = await opened(new Class(url('/echo')));
    const mochas = window.onerror;
    const reported = [];
    window.onerror = (_message, _file, _line, _column, error) => {
      reported.push(error);
      return true;
    };
    try {
      const thrown = new Error('thrown on purpose');
      const heard = [];
      socket.onmessage = () => {
        throw thrown;
      };
      socket.addEventListener('message', ({ data }) => heard.push(data));
      for (const word of ['one', 'two']) {
        const message = next(socket, 'message');
        socket.send(word);
        await message;
      }
      assert.deepEqual(heard, ['one', 'two']);
      assert.lengthOf(reported, 2);
      assert.isTrue(reported.every((error) => error === thrown));
    } finally {
      window.onerror = mochas;
    }
    await finish(socket);
  });
});

describe('a listener that re-enters', () => {
  it('may send, close and open another from inside', async () => {
    const socket = new WebSocket(url('/echo'));
    const words = [];
    const other = await new Promise((resolve) => {
      socket.onopen = () => socket.send('1');
      socket.onmessage = ({ data }) => {
        words.push(data);
        if (data.length < 4) socket.send(`${data}${data}`);
        else socket.close(4000, 'enough');
      };
      socket.onclose = ({ code }) => {
        words.push(code);
        resolve(new WebSocket(url('/echo')));
      };
    });
    assert.deepEqual(words, ['1', '11', '1111', 4000]);
    await finish(await opened(other));
  });
});
