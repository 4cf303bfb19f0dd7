// The class in other realms: workers and frames (HTML: which global an object, its events and their data belong to, and what is left of a socket
// when its document is gone).

import { clauses } from '../transcript.js';

/** The class of a worker or frame that stands for the one under test. */
const nameOf = (t) => (t.Class === globalThis.WebSocket ? 'browser' : 'ours');

/** A frame whose window has `Class`. */
async function frame() {
  const element = document.createElement('iframe');
  element.src = 'realm.html';
  const ready = new Promise((resolve) => window.addEventListener('message', resolve, { once: true }));
  document.body.append(element);
  await ready;
  return element;
}

clauses('another realm', {
  async 'a worker hears what a page hears'(t) {
    const worker = new Worker(new URL('../realm_worker.js', import.meta.url), { type: 'module' });
    try {
      const heard = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      worker.postMessage({ which: nameOf(t), url: t.url('/echo'), refused: t.refused });
      for (const line of await heard) t.say(line);
    } finally {
      worker.terminate();
    }
  },

  async 'events and data are of the frame whose class it is'(t) {
    const element = await frame();
    const inner = element.contentWindow;
    const Class = inner.classes[nameOf(t)];
    const socket = new Class(t.url('/echo'));
    t.say('is', socket instanceof Class, socket instanceof inner.EventTarget, socket instanceof EventTarget, socket instanceof t.Class);
    socket.binaryType = 'arraybuffer';
    const open = await t.next(socket, 'open');
    t.say('open', open instanceof inner.Event, open instanceof Event);
    socket.send(Uint8Array.of(1));
    const message = await t.next(socket, 'message');
    t.say('message', message instanceof inner.MessageEvent, message instanceof MessageEvent, message.data instanceof inner.ArrayBuffer);
    t.say('data', message.data.byteLength, message.data.constructor === ArrayBuffer, message.origin === new URL(t.url('/')).origin);
    const code = t.attempt('bad code', () => socket.close(1));
    t.say('thrown in', code);
    const end = t.next(socket, 'close');
    socket.close();
    const close = await end;
    t.say('close', close instanceof inner.CloseEvent, close instanceof CloseEvent);
    element.remove();
  },

  async 'the members of one realm serve the objects of another'(t) {
    const element = await frame();
    const Class = element.contentWindow.classes[nameOf(t)];
    const socket = new t.Class(t.url('/echo'));
    t.say('class', Object.getPrototypeOf(socket) === Class.prototype);
    t.say('constants', Class.OPEN, Class.prototype.CLOSED);
    await t.finish(socket);
    element.remove();
  },

  async 'a frame that goes takes its sockets along, and nothing is heard'(t) {
    const element = await frame();
    const Class = element.contentWindow.classes[nameOf(t)];
    const socket = new Class(t.url('/echo'));
    await t.next(socket, 'open');
    t.watch(socket, 'unexpected ');
    element.remove();
    // What another socket does, end to end, is time enough.
    await t.finish(await t.opened());
    t.say('state', socket.readyState, socket.url);
    t.attempt('send', () => socket.send('x'));
    t.attempt('close', () => socket.close());
  },
});
