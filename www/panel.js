// One half of the page: its controls, and what happened. Who connects and what travels is the business of whoever drives it.

const LOG_LENGTH = 100;

export class Panel {
  #root;
  /** What `opened` was given: `{ send(text), close(code, reason) }`. */
  #connection;
  /** Set by whoever drives the panel: begins to connect, and then calls `opened`, `received`, `closed` or `failed`. */
  onconnect = () => {};

  constructor(root) {
    this.#root = root;
    root.append(document.querySelector('#controls').content.cloneNode(true));
    this.#input('url').value = `${location.origin.replace('http', 'ws')}${root.dataset.path}`;
    this.#on('connect', () => {
      this.#show('connecting');
      return this.onconnect(this.#input('url').value);
    });
    this.#on('send', async () => {
      const text = this.#input('message').value;
      this.#log('you', text);
      await this.#connection.send(text);
      this.#input('message').select();
    });
    this.#on('close', async () => {
      // Closing ends later, by `closed`; what the call throws changes nothing.
      const ended = this.#connection.close(Number(this.#input('code').value), this.#input('reason').value);
      if (this.#root.dataset.state === 'open') this.#show('closing');
      await ended;
    });
    this.#show('not connected');
    this.#showSource();
  }

  opened(connection) {
    this.#connection = connection;
    this.#show('open');
    this.#note('open');
    if (this.#root.contains(document.activeElement)) this.#input('message').focus();
  }

  received(who, data) {
    this.#log(who, typeof data === 'string' ? data : `${data.size ?? data.byteLength} bytes`);
  }

  /** Something that is not the end. */
  complain(words) {
    this.#note(words, 'bad');
  }

  closed(code, reason, clean) {
    this.#connection = undefined;
    this.#note(`closed with ${code}${reason && `: ${reason}`}`, clean ? '' : 'bad');
    this.#show('closed', { code, reason: reason || 'none', clean: clean ? 'yes' : 'no' });
  }

  /** It never opened. */
  failed(words) {
    this.#show('not connected');
    this.#field('error').textContent = words;
  }

  #on(form, action) {
    this.#root.querySelector(`form.${form}`).addEventListener('submit', async (event) => {
      event.preventDefault();
      if (this.#button(form).getAttribute('aria-disabled') === 'true') return;
      this.#field('error').textContent = '';
      try {
        await action();
      } catch (error) {
        if (form === 'connect') this.#show('not connected');
        if (form === 'close' && this.#connection) this.#show('open');
        this.#field('error').textContent = `${error.name}: ${error.message}`;
      }
    });
  }

  #show(state, { code = '–', reason = '–', clean = '–' } = {}) {
    this.#root.dataset.state = state;
    for (const [field, text] of Object.entries({ state, code, reason, clean })) this.#field(field).textContent = text;
    this.#enable('connect', state === 'not connected' || state === 'closed');
    this.#enable('send', state === 'open');
    this.#enable('close', state === 'open');
  }

  /** By ARIA alone: a button that is really disabled loses the focus, and the keyboard its place. */
  #enable(form, enabled) {
    this.#button(form).setAttribute('aria-disabled', String(!enabled));
  }

  #log(who, text) {
    this.#entry(who === 'you' ? 'sent' : 'received', who, text);
  }

  #note(text, kind = '') {
    this.#entry(`note ${kind}`, '', text);
  }

  #entry(kind, who, text) {
    const log = this.#field('log');
    const line = document.createElement('p');
    line.className = kind;
    if (who) line.append(Object.assign(document.createElement('b'), { textContent: who }), ' ');
    line.append(Object.assign(document.createElement('span'), { textContent: text }));
    log.append(line);
    while (log.childElementCount > LOG_LENGTH) log.firstElementChild.remove();
    log.scrollTop = log.scrollHeight;
  }

  /** The lines that run, from the file that runs. */
  async #showSource() {
    const source = await (await fetch(this.#root.dataset.source)).text();
    const [, shown] = source.match(/^\/\/ shown begin\n([^]*?)^\/\/ shown end$/m);
    this.#field('source').textContent = shown.trim();
  }

  #input(name) {
    return this.#root.querySelector(`input[name=${name}]`);
  }

  #button(form) {
    return this.#root.querySelector(`form.${form} button`);
  }

  #field(name) {
    return this.#root.querySelector(`[data-field=${name}]`);
  }
}
