// The oracle: a scenario runs once with the browser's own class and once with ours, and what it tells must be the same, line for line.
// What is expected is nowhere written down: it is what the browser does in this very run.

import { assert } from 'chai';
import { WebSocket } from 'websocket-channel';
import { refused, trusted, url } from './server.js';

const Browser = globalThis.WebSocket;
/** Less than the limit of a test, so that the scenario can say where it is. */
const LIMIT_MS = 25_000;
const TYPES = ['open', 'message', 'error', 'close'];

/** One test per scenario: `scenarios` is an object of functions, and their names are the titles. */
export function clauses(title, scenarios) {
  describe(title, () => {
    for (const [name, scenario] of Object.entries(scenarios)) {
      it(name, async () => {
        const theirs = await transcriptOf(Browser, scenario);
        const ours = await transcriptOf(WebSocket, scenario);
        same(ours, theirs);
      });
    }
  });
}

/** Asserts that two transcripts are equal, and says where they are not. */
export function same(ours, theirs, hint = '') {
  assert.isNotEmpty(theirs, `the scenario tells nothing ${hint}`);
  const at = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, line) => line).find((line) => ours[line] !== theirs[line]);
  if (at !== undefined) assert.fail(`${hint} line ${at}, after «${theirs[at - 1]}»: ours «${ours[at]}», theirs «${theirs[at]}»`);
}

/**
 * What a platform tells that fires `error` and never `close`, completed: WHATWG WebSockets §4 has both, with readyState 3, and so has ours. (Chromium,
 * when the security policy forbids the connection; WebKit, when it blocks the port, and there readyState stays 0.)
 */
export function completed(theirs) {
  const at = theirs.indexOf('error');
  if (at < 0 || theirs.some((line) => /^close \d/.test(line))) return theirs;
  const [state, ...rest] = theirs.slice(at + 1).map((line) => line.replace(/^( {2}with "[^"]*") \d/, '$1 3'));
  return [...theirs.slice(0, at + 1), state, 'close 1006 "" false', state, ...rest];
}

/** What `scenario` tells of `Class`, as lines. */
export async function transcriptOf(Class, scenario) {
  const told = new Told(Class);
  let timer;
  const stuck = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it goes on for ever after «${told.lines.at(-1)}»`)), LIMIT_MS);
  });
  try {
    await Promise.race([scenario(told), stuck]);
  } finally {
    clearTimeout(timer);
  }
  return told.lines;
}

/** What a scenario is given. */
class Told {
  lines = [];
  url = url;
  trusted = trusted;
  refused = refused;

  constructor(Class) {
    this.Class = Class;
  }

  /** Tells one line. Values are shown so that the two classes, and objects made of them, look the same. */
  say = (...words) => {
    this.lines.push(words.map((word, index) => (index === 0 && typeof word === 'string' ? word : show(word, this.Class))).join(' '));
  };

  /** Tells what a call returns or throws, and returns it. */
  attempt = (label, call) => {
    try {
      const value = call();
      this.say(label, value);
      return value;
    } catch (error) {
      this.say(`${label} throws`, error);
      return undefined;
    }
  };

  /** A new socket whose every event is told. */
  open = (path, ...rest) => this.watch(new this.Class(path.startsWith('ws') ? path : url(path), ...rest));

  /** Tells every event of `socket`, with its attributes at that moment. */
  watch = (socket, label = '') => {
    for (const type of TYPES) socket.addEventListener(type, (event) => this.event(event, label));
    return socket;
  };

  event = (event, label = '') => {
    const { type, target } = event;
    const details = type === 'message' ? [event.data, event.origin] : type === 'close' ? [event.code, event.reason, event.wasClean] : [];
    this.say(`${label}${type}`, ...details);
    this.state(target);
  };

  /** Not bufferedAmount: when it falls is a matter of time. */
  state = (socket) => {
    const { url, readyState, protocol, extensions, binaryType } = socket;
    this.say('  with', url, readyState, protocol, extensions, binaryType);
  };

  /** The next event of a type. */
  next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

  /** Waits for the end of a socket. When it has come, a socket that ends after it tells that every event of the first has come, too. */
  end = async (socket) => {
    if (socket.readyState !== 3) await this.next(socket, 'close');
  };

  /** An open socket that tells nothing, for one call after another. */
  opened = async (path = '/echo', ...rest) => {
    const socket = new this.Class(url(path), ...rest);
    await Promise.race([this.next(socket, 'open'), this.next(socket, 'close')]);
    if (socket.readyState !== 1) throw new Error(`${socket.url} did not open`);
    return socket;
  };

  /**
   * Closes without a word. It lets a connection open first: Chromium and Firefox make a program wait whose connections fail again and again, and
   * one that is closed before it is open has failed.
   */
  finish = async (socket) => {
    // Not `close`: WebKit does not fire it for a port that it blocks.
    if (socket.readyState === 0) await Promise.race([this.next(socket, 'open'), this.next(socket, 'error')]);
    if (socket.readyState === 3) return;
    const end = this.next(socket, 'close');
    socket.close();
    await end;
  };

  /** What goes to `window.onerror` while `action` runs. */
  reported = async (action) => {
    const before = globalThis.onerror;
    const errors = [];
    globalThis.onerror = (_message, _file, _line, _column, error) => {
      errors.push(error);
      return true;
    };
    try {
      await action();
    } finally {
      globalThis.onerror = before;
    }
    return errors;
  };
}

function show(value, Class) {
  if (value === Class) return 'the class';
  if (value === Class.prototype) return 'the prototype';
  if (typeof value === 'string') return value.length > 200 ? `a string of ${value.length}` : JSON.stringify(value);
  if (typeof value === 'symbol') return value.toString();
  if (typeof value === 'function') return `function ${value.name}`;
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof DOMException) return `DOMException ${value.name} ${value.code}`;
  // Which words an error has is the browser's, and says `Illegal invocation` where ours says that there is no such private member.
  if (value instanceof Error) return `${value.constructor.name} ${value.message.startsWith('on purpose') ? value.message : ''}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${[...new Uint8Array(value)].slice(0, 32)} of ${value.byteLength}`;
  if (value instanceof Blob) return `${value.constructor.name} ${value.type} of ${value.size}`;
  if (Array.isArray(value)) return `[${value.map((each) => show(each, Class)).join(', ')}]`;
  if (value instanceof Class) return 'a socket';
  if (Object.getPrototypeOf(value) === Object.prototype) return JSON.stringify(value);
  return Object.prototype.toString.call(value);
}
