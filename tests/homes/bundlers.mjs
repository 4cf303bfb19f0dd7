// The bundlers, each as its own documentation begins: no plug-in for wasm, no configuration for this package.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { program, project, tool, write } from './project.mjs';

const source = () => write('src/main.js', MAIN);
const html = (script) => `<!doctype html><meta charset="utf-8" /><title>home</title><script type="module" src="${script}"></script>\n`;

const MAIN = `import * as library from 'websocket-channel';
import { exchange } from '../exchange.js';

const url = new URLSearchParams(location.search).get('url');
window.outcome = exchange(library, url).catch((error) => error.stack);
`;

/** Builds into a folder of its own below the project, and tells the page. */
export const bundlers = {
  async Vite() {
    write('src/index.html', html('./main.js'));
    source();
    const { build } = await tool('vite');
    await build({ root: join(project, 'src'), base: './', logLevel: 'warn', build: { outDir: '../vite', emptyOutDir: true } });
    return 'vite/index.html';
  },

  async webpack() {
    const webpack = await tool('webpack');
    const config = { mode: 'production', context: project, entry: source(), output: { path: join(project, 'webpack') } };
    const stats = await promisify(webpack)(config);
    if (stats.hasErrors() || stats.hasWarnings()) {
      const size = /size limit|code splitting|performance/i;
      const { errors, warnings } = stats.toJson();
      const serious = [...errors, ...warnings.filter(({ message }) => !size.test(message))];
      if (serious.length > 0) throw new Error(serious.map(({ message }) => message).join('\n'));
    }
    write('webpack/index.html', html('./main.js'));
    return 'webpack/index.html';
  },

  async Rollup() {
    const { rollup } = await tool('rollup');
    const resolve = await tool('@rollup/plugin-node-resolve');
    const warnings = [];
    const bundle = await rollup({
      input: source(),
      plugins: [resolve({ browser: true })],
      onwarn: (warning) => warnings.push(warning.message),
    });
    await bundle.write({ dir: join(project, 'rollup'), format: 'es' });
    await bundle.close();
    if (warnings.length > 0) throw new Error(warnings.join('\n'));
    write('rollup/index.html', html('./main.js'));
    return 'rollup/index.html';
  },

  async esbuild() {
    const { build } = await tool('esbuild');
    const { warnings } = await build({
      entryPoints: [source()],
      bundle: true,
      minify: true,
      format: 'esm',
      outdir: join(project, 'esbuild'),
    });
    if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
    write('esbuild/index.html', html('./main.js'));
    return 'esbuild/index.html';
  },

  async "Bun's bundler"() {
    const { bun } = JSON.parse(process.env.WEBSOCKET_CHANNEL_TOOLS);
    const args = ['build', source(), '--outdir', join(project, 'bun'), '--target', 'browser', '--minify'];
    await promisify(execFile)(bun, args, { cwd: project });
    write('bun/index.html', html('./main.js'));
    return 'bun/index.html';
  },

  async Parcel() {
    write('src/index.html', html('./main.js'));
    source();
    const folder = (name) => join(project, name);
    const args = [
      'build',
      folder('src/index.html'),
      '--dist-dir',
      folder('parcel'),
      '--public-url',
      './',
      '--no-source-maps',
      '--no-autoinstall',
    ];
    await promisify(execFile)(program('parcel'), [...args, '--cache-dir', folder('.parcel-cache')], { cwd: project });
    return 'parcel/index.html';
  },
};
