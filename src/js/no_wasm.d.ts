/**
 * The package for places without WebAssembly: under a Content Security Policy with `script-src 'self'`, in Manifest V3 extensions, in engines without
 * it. Import everything from here, or pass this module to {@link prepare} of the default entry as its fallback. It is the same code, translated to
 * JavaScript: slower inside, with the same results.
 */
export * from './index.js';
import type { Core } from './index.js';

/** The fallback core for {@link prepare}. */
export const core: Core;
