// Pages that load the package without a bundler.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project, write } from './project.mjs';

const PACKAGE = '/node_modules/websocket-channel/dist';
const html = (head) => `<!doctype html><meta charset="utf-8" /><title>home</title>${head}\n`;
const URL_OF = `new URLSearchParams(location.search).get('url')`;
const TELL = `.catch((error) => error.stack)`;

/** A page that has a worker do it; `start` gives whom to send the URL and from whom the answer comes. */
const asks = (start) =>
  `window.outcome = (async () => {
  const answer = new Promise((resolve) => (ANSWERS.onmessage = ({ data }) => resolve(data)));
  WORKER.postMessage(${URL_OF});
  return answer;
})()${TELL};`
    .replace('window.outcome = (async () => {', `window.outcome = (async () => {\n  ${start}`)
    .replaceAll('\n', '\n');

const answers = `onmessage = ({ data }) => exchange(LIBRARY, data).catch((error) => error.stack).then((said) => SOURCE.postMessage(said));\n`;
const classic = `importScripts('${PACKAGE}/websocket-channel.iife.js', '/exchange.classic.js');\n`;
const module = `import * as library from '${PACKAGE}/index.js';\nimport { exchange } from '/exchange.js';\n`;
const worker = (options) => `const WORKER = new Worker('worker.js'${options});\n  const ANSWERS = WORKER;`;

/** Each writes its files and tells the page. */
export const pages = {
  'script type=module'() {
    write('module/main.js', `${module}window.outcome = exchange(library, ${URL_OF})${TELL};\n`);
    write('module/index.html', html('<script type="module" src="main.js"></script>'));
    return 'module/index.html';
  },

  'classic script'() {
    write('classic/main.js', `window.outcome = exchange(WebSocketChannel, ${URL_OF})${TELL};\n`);
    const scripts = [`${PACKAGE}/websocket-channel.iife.js`, '/exchange.classic.js', 'main.js'];
    write('classic/index.html', html(scripts.map((src) => `<script src="${src}"></script>`).join('')));
    return 'classic/index.html';
  },

  'classic script in a page that is not UTF-8'() {
    const page = pages['classic script']();
    const text = readFileSync(join(project, page), 'utf8').replace('utf-8', 'windows-1252');
    write('classic/latin.html', text);
    return 'classic/latin.html';
  },

  'module worker'() {
    write('module-worker/worker.js', module + answers.replace('LIBRARY', 'library').replace('SOURCE.', ''));
    write('module-worker/main.js', asks(worker(`, { type: 'module' }`)));
    write('module-worker/index.html', html('<script src="main.js"></script>'));
    return 'module-worker/index.html';
  },

  'classic worker'() {
    write('classic-worker/worker.js', classic + answers.replace('LIBRARY', 'WebSocketChannel').replace('SOURCE.', ''));
    write('classic-worker/main.js', asks(worker('')));
    write('classic-worker/index.html', html('<script src="main.js"></script>'));
    return 'classic-worker/index.html';
  },

  'shared worker'() {
    const answer = answers.replace('LIBRARY', 'library').replace('SOURCE', 'port').replace('onmessage', 'port.onmessage');
    write('shared-worker/worker.js', `${module}onconnect = ({ ports: [port] }) => {\n${answer}};\n`);
    const start = `const { port: WORKER } = new SharedWorker('worker.js', { type: 'module' });\n  const ANSWERS = WORKER;`;
    write('shared-worker/main.js', asks(start));
    write('shared-worker/index.html', html('<script src="main.js"></script>'));
    return 'shared-worker/index.html';
  },

  'service worker'() {
    const answer = answers.replace('({ data })', '({ data, source })').replace('LIBRARY', 'WebSocketChannel').replace('SOURCE', 'source');
    write('service-worker/worker.js', classic + answer);
    const start = `await navigator.serviceWorker.register('worker.js');
  const WORKER = (await navigator.serviceWorker.ready).active;
  const ANSWERS = navigator.serviceWorker;`;
    write('service-worker/main.js', asks(start));
    write('service-worker/index.html', html('<script src="main.js"></script>'));
    return 'service-worker/index.html';
  },

  'slim, the wasm fetched'() {
    const library = module.replace('index.js', 'slim.js');
    const init = `library.init('${PACKAGE}/websocket-channel.wasm').then(() => exchange(library, ${URL_OF}))`;
    write('slim/main.js', `${library}window.outcome = ${init}${TELL};\n`);
    write('slim/index.html', html('<script type="module" src="main.js"></script>'));
    return 'slim/index.html';
  },
};

/** A page with the entry that needs no WebAssembly. */
export function withoutWasm() {
  const library = module.replace('index.js', 'no-wasm.js');
  write('no-wasm/main.js', `${library}window.outcome = exchange(library, ${URL_OF})${TELL};\n`);
  write('no-wasm/index.html', html('<script type="module" src="main.js"></script>'));
  return 'no-wasm/index.html';
}

/** A page that tells by which errors both classes refuse. */
export function refusing() {
  const why = `const why = (Class) => {
  try {
    return new Class('ws://127.0.0.1:1/') && 'constructed';
  } catch ({ name, code }) {
    return \`\${name} \${code}\`;
  }
};
`;
  write('refusing/main.js', `${module}${why}window.outcome = [why(library.Channel), why(library.WebSocket)].join(', ');\n`);
  write('refusing/index.html', html('<script type="module" src="main.js"></script>'));
  return 'refusing/index.html';
}

/** An extension of Manifest V3, whose own policy is `script-src 'self'`: its service worker exchanges a message, and a page of it asks for the outcome. */
export function extension(url) {
  const manifest = { manifest_version: 3, name: 'a test', version: '1', background: { service_worker: 'worker.js', type: 'module' } };
  write('extension/manifest.json', JSON.stringify(manifest));
  write('extension/no-wasm.js', readFileSync(join(project, 'node_modules/websocket-channel/dist/no-wasm.js'), 'utf8'));
  write('extension/exchange.js', readFileSync(join(project, 'exchange.js'), 'utf8'));
  write(
    'extension/worker.js',
    `import * as library from './no-wasm.js';
import { exchange } from './exchange.js';
globalThis.outcome = exchange(library, ${JSON.stringify(url)}).catch(String);
`,
  );
  return join(project, 'extension');
}
