// The fallback of the default entry. It is imported only where it is needed, so nobody else downloads it.
import { current, use } from './instance.js';

/** Resolves when connections can be made. If WebAssembly is refused, uses the core of the module that `fallback` imports. */
export async function prepare({ fallback } = {}) {
  try {
    current();
  } catch (error) {
    if (error.code !== 'WASM_REFUSED' || !fallback) throw error;
    use((await fallback()).core);
    current();
  }
}
