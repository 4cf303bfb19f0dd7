#!/usr/bin/env node
// Whose code is compiled into what npm publishes, under which licence: `THIRD-PARTY.md`, which is in the package. Writes it anew:
// `node tests/run/licences.mjs`.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture } from './process.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILE = join(root, 'THIRD-PARTY.md');
const read = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim();

/** The crates that the wasm is compiled from, macros left out: they run in the compiler. */
async function crates() {
  const cargo = async (args) => {
    const { ok, output } = await capture('cargo', [...args, '--locked'], { cwd: root, quiet: true });
    if (!ok) throw new Error(output);
    return output;
  };
  const target = ['--target', 'wasm32-unknown-unknown', '--features', '__npm', '-e', 'normal,no-proc-macro'];
  const tree = await cargo(['tree', '-p', 'websocket-channel', ...target, '--prefix', 'none', '-f', '{p}']);
  // A line of it: `js-sys v0.3.107`; ours has its folder behind it.
  const chosen = new Set(tree.split('\n').flatMap((line) => line.match(/^[\w-]+ v\S+(?=$| \(\*\))/)?.[0] ?? []));
  const metadata = await cargo(['metadata', '--format-version', '1', '--filter-platform', 'wasm32-unknown-unknown', '--features', '__npm']);
  const { packages } = JSON.parse(metadata.match(/^\{.*$/m)[0]);
  const found = packages.filter(({ name, version }) => chosen.has(`${name} v${version}`));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The words of a licence in a folder: MIT where there is a choice, as it is the shortest; all where all hold. */
function words(folder, license = '') {
  const files = readdirSync(folder)
    .filter((name) => /^(?:licen[cs]e|copying|unlicense)/i.test(name))
    .sort();
  if (license.includes(' AND '))
    return files
      .filter((name) => !/apache/i.test(name))
      .map((name) => read(join(folder, name)))
      .join('\n\n');
  const file = files.find((name) => /mit/i.test(name)) ?? files.find((name) => !/apache/i.test(name)) ?? files[0];
  return file && existsSync(join(folder, file)) ? read(join(folder, file)) : undefined;
}

/** The file as it should be. */
export async function thirdParty() {
  const parts = [];
  for (const { name, version, license, manifest_path } of await crates()) {
    const text = words(dirname(manifest_path), license) ?? `No licence file is in the crate; its manifest says ${license}.`;
    parts.push(`## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${text}\n\`\`\``);
  }
  if (parts.length < 5) throw new Error(`only ${parts.length} crates: cargo metadata says something else now`);
  const msgpack = join(root, 'node_modules/@msgpack/msgpack');
  const { version, license } = JSON.parse(read(join(msgpack, 'package.json')));
  parts.push(
    `## @msgpack/msgpack ${version}\n\nIn \`websocket-channel/messagepack\` only. ${license}\n\n\`\`\`text\n${words(msgpack)}\n\`\`\``,
  );
  return `# Licences of what is compiled in

The published JavaScript and wasm are made from this project (MIT OR Apache-2.0), from Rust's standard library (The Rust Project Developers, MIT OR
Apache-2.0), from the glue that wasm-bindgen writes (MIT OR Apache-2.0), and from the packages below. Where a licence can be chosen, MIT is.
Made by \`node tests/run/licences.mjs\`.

${parts.join('\n\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, await thirdParty());
