// `--alone`: sockets made of nothing in the place of the browser's own. What a message costs with them is the client's, to a few dozen nanoseconds,
// where a real connection's rate says how four processes get along. They know what the bench asks of them and no more.

/** What the test server does by the names of its services: how many messages it answers to the `sent`th. */
const SERVICES = {
  echo: () => 1,
  repeat: (sent, { count }) => (sent === 1 ? count : 0),
  sink: (sent, { tell }) => (sent === tell ? 1 : 0),
};

const service = (url) => {
  const { pathname, searchParams } = new URL(url);
  const numbers = Object.fromEntries([...searchParams].map(([name, value]) => [name, Number(value)]));
  return (sent) => SERVICES[pathname.slice(1)](sent, numbers);
};

/** Messages after which the event loop has its turn. */
const TURN = 1000;
const { port1, port2 } = new MessageChannel();
const turn = () =>
  new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(0);
  });

globalThis.WebSocket = class {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  readyState = 0;
  bufferedAmount = 0;
  protocol = '';
  extensions = '';
  binaryType = 'blob';
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #listeners = [];
  #answers;
  #sent = 0;
  // One event for all: what the browser makes is the same for every client.
  #message;

  constructor(url) {
    this.#answers = service(url);
    setTimeout(() => {
      this.readyState = 1;
      this.#fire('open', new Event('open'));
    });
  }

  addEventListener(type, listener) {
    this.#listeners.push({ type, listener });
  }

  removeEventListener(type, listener) {
    this.#listeners = this.#listeners.filter((each) => each.type !== type || each.listener !== listener);
  }

  #fire(type, event) {
    this[`on${type}`]?.(event);
    for (const each of this.#listeners) if (each.type === type) (each.listener.handleEvent ?? each.listener).call(this, event);
  }

  send(data) {
    this.#message ??= new MessageEvent('message', { data: typeof data === 'string' ? data : new Uint8Array(data).buffer });
    const answers = this.#answers(++this.#sent);
    if (answers > 0) this.#answer(answers);
  }

  async #answer(count) {
    for (let i = 1; i <= count; i++) {
      // As between the browser's events, there is time for microtasks.
      await null;
      if (i % TURN === 0) await turn();
      this.#fire('message', this.#message);
    }
  }

  close() {
    if (this.readyState > 1) return;
    this.readyState = 2;
    setTimeout(() => {
      this.readyState = 3;
      this.#fire('close', new CloseEvent('close', { code: 1000, wasClean: true }));
    });
  }
};

globalThis.WebSocketStream = class {
  constructor(url) {
    const answers = service(url);
    let sent = 0;
    let message;
    let waiting = 0;
    let asked = false;
    let reader;
    let over;
    const give = () => {
      asked = false;
      waiting--;
      reader.enqueue(typeof message === 'string' ? message : new Uint8Array(message));
    };
    const source = {
      start: (controller) => (reader = controller),
      pull() {
        asked = true;
        if (waiting > 0) give();
      },
    };
    const sink = {
      write(chunk) {
        message ??= chunk;
        waiting += answers(++sent);
        if (asked && waiting > 0) give();
      },
    };
    const readable = new ReadableStream(source, { highWaterMark: 0 });
    const writable = new WritableStream(sink);
    this.closed = new Promise((resolve) => (over = resolve));
    this.opened = new Promise((resolve) => setTimeout(() => resolve({ readable, writable, protocol: '', extensions: '' })));
    this.close = () => {
      reader.close();
      over({ closeCode: 1000, reason: '' });
    };
  }
};
