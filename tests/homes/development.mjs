// Runs in Node with the condition `development`: what an error inside says there. A word of the heap is changed so that the next call panics, as a bug
// of ours would. Prints the message of the error, without numbers.
const { Instance } = WebAssembly;
let rust;
const calls = new Map();
// What ours is called with, and its memory.
WebAssembly.Instance = function (...args) {
  const instance = new Instance(...args);
  if (!instance.exports.__wbindgen_externrefs) return instance;
  rust = instance.exports;
  const recorded = Object.entries(rust).map(([name, each]) =>
    typeof each === 'function' ? [name, (...given) => (calls.set(name, given), each(...given))] : [name, each],
  );
  return { exports: Object.fromEntries(recorded) };
};
const { Channel } = await import('websocket-channel');

const channel = new Channel(process.argv.at(-1));
await channel.opened;
const ask = () => channel.status.queuedBytes;
calls.clear();
ask();
const [[name, given]] = calls;
const whole = new Uint8Array(rust.memory.buffer);
const saved = whole.slice();
const words = new Int32Array(rust.memory.buffer);
/** Where the stack and the data of the program end: 1 MiB, and at most one page of 64 KiB. */
const HEAP = 17 << 16;
for (let at = HEAP >> 2; at < words.length; at += 1) {
  words[at] = -1;
  try {
    rust[name](...given);
  } catch ({ message }) {
    whole.set(saved);
    if (!message.startsWith('panicked')) continue;
    words[at] = -1;
    break;
  }
  whole.set(saved.subarray(at * 4, at * 4 + 4), at * 4);
}
try {
  ask();
  console.log('nothing panicked');
} catch ({ code, message }) {
  console.log(code, message);
}
process.exit();
