#!/usr/bin/env bash
# socket.io's MessagePack parser is two programs of notepack.io: one for Node, one that bundlers take for pages. Both are given what a socket gives them.
# Expected: a Uint8Array that one side emits arrives as bytes at the other. Seen: from a page it arrives in Node as an object with a field for each byte;
# from Node it arrives in the page as an array of 0 and an ArrayBuffer. From Node to Node it is an ArrayBuffer. An ArrayBuffer from a page and a Buffer
# from Node arrive as bytes.
. "$(dirname "$0")/lib.sh"
npm_install socket.io-msgpack-parser@3.0.2 notepack.io@2.2.0
cat >run.cjs <<'JS'
const { readFileSync } = require('node:fs');
const folder = require('node:path').dirname(require.resolve('notepack.io/package.json'));
console.log('for pages:', JSON.stringify(JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).browser));
const node = require('notepack.io');
const page = { encode: require(`${folder}/browser/encode.js`), decode: require(`${folder}/browser/decode.js`) };
const bytes = new Uint8Array([1, 2, 3]);
// A page's socket gives an ArrayBuffer of its own.
const fresh = (buffer) => new Uint8Array(buffer).buffer;
const show = (value) =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value)
    ? `${value.constructor.name} ${[...(value instanceof ArrayBuffer ? new Uint8Array(value) : value)].slice(0, 5)}`
    : Array.isArray(value) ? `array [${value.map(show)}]` : JSON.stringify(value);
console.log('page to Node, Uint8Array:', show(node.decode(Buffer.from(page.encode(bytes)))));
console.log('page to Node, ArrayBuffer:', show(node.decode(Buffer.from(page.encode(bytes.buffer)))));
console.log('Node to page, Uint8Array:', show(page.decode(fresh(node.encode(bytes)))));
console.log('Node to page, Buffer:', show(page.decode(fresh(node.encode(Buffer.from(bytes))))));
console.log('Node to Node, Uint8Array:', show(node.decode(node.encode(bytes))));
JS
node run.cjs >seen
check seen 'page to Node, Uint8Array: {"0":1,"1":2,"2":3}' 'page to Node, ArrayBuffer: Buffer 1,2,3' \
  'Node to page, Uint8Array: array [0,ArrayBuffer 1,2,3]' 'Node to page, Buffer: ArrayBuffer 1,2,3' 'Node to Node, Uint8Array: ArrayBuffer 1,2,3'
