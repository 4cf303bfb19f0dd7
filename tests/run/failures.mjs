// What a long log says of its failures, told once more at its end: whoever reads only that has the reasons.

/** A failed test as libtest, wasm-bindgen-test, Node's runner and `js-suite.mjs` print it, what it said, a panic, and what a run that broke off says. */
const SIGN = /^test \S+ \.\.\. FAIL|^---- |^FAILED |^\s*✖ |panicked|^\s*Error: |^error: |did not end|did not start/;
const BEFORE = 1;
const AFTER = 4;
const MOST = 80;

/** Keeps what this process prints from now on. @returns {() => string} gives it and starts again */
export function keepPrinted() {
  let printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = (chunk, ...rest) => {
      printed += chunk;
      return write(chunk, ...rest);
    };
  }
  return () => {
    const taken = printed;
    printed = '';
    return taken;
  };
}

/** The lines of a log that tell of failures, with those around them; of a log that shows none, its last. */
export function failures(log) {
  const lines = log.split('\n');
  const wanted = new Set();
  lines.forEach((line, at) => {
    if (!SIGN.test(line)) return;
    for (let near = at - BEFORE; near <= at + AFTER; near += 1) wanted.add(near);
  });
  const told = lines.filter((_, at) => wanted.has(at));
  return (told.length > 0 ? told : lines).slice(-MOST);
}
