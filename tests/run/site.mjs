// The demo page as a folder of files that any server can serve.

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, root, wasm } from './build.mjs';

/** What stands in `www/` as it is served. */
const PAGE = ['index.html', 'style.css', 'main.js', 'panel.js'];

/** Builds the package and the Rust half of the page, and tells the folder to serve. */
export async function buildSite(tools) {
  const folder = join(root, 'target', 'www');
  const dist = await build(tools);
  const rust = await wasm(tools, { name: 'websocket-channel-demo', out: 'demo' });
  mkdirSync(join(folder, 'rust'), { recursive: true });
  for (const name of PAGE) copyFileSync(join(root, 'www', name), join(folder, name));
  // The page shows the Rust that runs.
  copyFileSync(join(root, 'www/src/chat.rs'), join(folder, 'chat.rs'));
  copyFileSync(join(dist, 'index.js'), join(folder, 'websocket-channel.js'));
  copyFileSync(rust.glue, join(folder, 'rust/websocket_channel_demo.js'));
  copyFileSync(rust.wasm, join(folder, 'rust/websocket_channel_demo_bg.wasm'));
  return folder;
}
