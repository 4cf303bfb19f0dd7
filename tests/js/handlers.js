// The attributes onopen, onmessage, onerror and onclose: HTML, event handler attributes.

import { assert } from 'chai';
import { eachClass } from './classes.js';
import { finish, next, opened, url } from './server.js';

eachClass('a handler attribute', (Class) => {
  /** The words that `listen` makes listeners push when one message comes. */
  const heard = async (listen) => {
    const socket = await opened(new Class(url('/echo')));
    const words = [];
    listen(socket, (word) => () => words.push(word));
    const message = next(socket, 'message');
    socket.send('');
    await message;
    await finish(socket);
    return words;
  };

  it('is null at first, and is what it was set to', async () => {
    const socket = new Class(url('/echo'));
    for (const name of ['onopen', 'onmessage', 'onerror', 'onclose']) {
      assert.isNull(socket[name], name);
      const handler = () => {};
      socket[name] = handler;
      assert.strictEqual(socket[name], handler, name);
      const object = {};
      socket[name] = object;
      assert.strictEqual(socket[name], object, name);
      for (const nothing of [null, undefined, 1, 'text']) {
        socket[name] = handler;
        socket[name] = nothing;
        assert.isNull(socket[name], `${name} ${nothing}`);
      }
    }
    await opened(socket);
    await finish(socket);
  });

  it('keeps its place among the listeners when one function replaces another', async () => {
    const words = await heard((socket, say) => {
      socket.addEventListener('message', say('before'));
      socket.onmessage = say('replaced');
      socket.addEventListener('message', say('after'));
      socket.onmessage = say('attribute');
    });
    assert.deepEqual(words, ['before', 'attribute', 'after']);
  });

  it('gives its place up at null', async () => {
    const words = await heard((socket, say) => {
      socket.onmessage = say('first');
      socket.addEventListener('message', say('listener'));
      socket.onmessage = null;
      socket.onmessage = say('attribute');
    });
    assert.deepEqual(words, ['listener', 'attribute']);
  });

  it('calls nothing after null, and nothing for an object that is no function', async () => {
    const words = await heard((socket, say) => {
      socket.onmessage = say('never');
      socket.onmessage = null;
      socket.onopen = say('never');
      socket.onmessage = { handleEvent: say('never') };
    });
    assert.deepEqual(words, []);
  });
});
