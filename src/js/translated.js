// The core as JavaScript: the same wasm, translated when the package is built (`tests/run/no-wasm.mjs`).
import glue from 'glue';
import instantiate from 'glue/translated';

export const core = { glue, instantiate };
