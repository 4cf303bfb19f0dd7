// Subclasses, and programs that put their own in the way of what they inherit.

import { clauses } from '../transcript.js';

clauses('a subclass', {
  async 'has what it adds and what it inherits'(t) {
    class Chat extends t.Class {
      #words = [];
      static ROOM = 'room';
      extra = 5;

      constructor(path) {
        super(t.url(path), ['chat.v1']);
        this.addEventListener('message', ({ data }) => this.#words.push(data));
      }

      get words() {
        return this.#words;
      }

      send(word) {
        super.send(`(${word})`);
      }

      get readyState() {
        return super.readyState + 10;
      }
    }
    const chat = new Chat('/echo');
    t.say('is', chat instanceof Chat, chat instanceof t.Class, chat instanceof EventTarget, chat.constructor === Chat, Object.keys(chat));
    t.say('strings', Object.prototype.toString.call(chat), Chat.name, Chat.OPEN, Chat.ROOM, chat.OPEN, Chat.length);
    await t.next(chat, 'open');
    const message = t.next(chat, 'message');
    chat.send('hello');
    t.say('data', (await message).data, chat.words, chat.readyState, chat.protocol);
    const end = t.next(chat, 'close');
    chat.close();
    await end;
  },

  async 'that has methods of EventTarget of its own does not hear them called by the platform'(t) {
    class Loud extends t.Class {
      addEventListener(...args) {
        t.say('addEventListener', args[0]);
        return super.addEventListener(...args);
      }
      removeEventListener(...args) {
        t.say('removeEventListener', args[0]);
        return super.removeEventListener(...args);
      }
      dispatchEvent(event) {
        t.say('dispatchEvent', event.type);
        return super.dispatchEvent(event);
      }
    }
    const socket = new Loud(t.url('/echo'));
    socket.onopen = () => {
      t.say('open');
      socket.send('x');
    };
    socket.onmessage = () => {
      t.say('message');
      socket.onmessage = null;
      socket.close();
    };
    await new Promise((resolve) => (socket.onclose = resolve));
  },

  async 'may take over a handler attribute'(t) {
    class Own extends t.Class {
      set onmessage(value) {
        t.say('set');
        super.onmessage = value;
      }
      get onmessage() {
        return super.onmessage;
      }
    }
    const socket = new Own(t.url('/echo'));
    socket.onmessage = () => t.say('heard');
    await t.next(socket, 'open');
    const message = t.next(socket, 'message');
    socket.send('x');
    await message;
    await t.finish(socket);
  },

  async 'may be made by Reflect.construct'(t) {
    function Old() {}
    Old.prototype = Object.create(t.Class.prototype);
    const socket = Reflect.construct(t.Class, [t.url('/echo')], Old);
    t.say('is', socket instanceof Old, socket instanceof t.Class, socket.readyState, socket.url);
    await t.finish(socket);
    const bare = () => {};
    t.attempt('arrow', () => Reflect.construct(t.Class, [t.url('/echo')], bare));
    function None() {}
    None.prototype = null;
    const plain = Reflect.construct(t.Class, [t.url('/echo')], None);
    t.say('no prototype', Object.getPrototypeOf(plain) === t.Class.prototype, Object.getPrototypeOf(plain) === EventTarget.prototype);
    t.Class.prototype.close.call(plain);
  },

  async 'is not its object by prototype alone'(t) {
    const fake = Object.create(t.Class.prototype);
    t.say('instanceof', fake instanceof t.Class);
    t.attempt('url', () => fake.url);
    t.attempt('send', () => fake.send('x'));
    t.attempt('listen', () => fake.addEventListener('open', () => {}));
    const changed = new t.Class(t.url('/echo'));
    Object.setPrototypeOf(changed, null);
    t.attempt('url of one without a prototype', () => Object.getOwnPropertyDescriptor(t.Class.prototype, 'url').get.call(changed));
    await t.attempt('close', () => t.Class.prototype.close.call(changed));
  },

  async 'an object may have properties of its own'(t) {
    const socket = new t.Class(t.url('/echo'));
    socket.note = 'mine';
    Object.defineProperty(socket, 'url', { value: 'shadow' });
    t.say('own', socket.note, socket.url, Object.keys(socket));
    Object.freeze(socket);
    socket.onopen = () => t.say('open');
    t.say('frozen', typeof socket.onopen);
    await t.next(socket, 'open');
    await t.finish(socket);
  },
});
