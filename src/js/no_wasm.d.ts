/**
 * The package where WebAssembly is not allowed: under a Content Security Policy with `script-src 'self'`, in Manifest V3 extensions, in engines without
 * it. Import everything from here instead, or give it to {@link prepare} of the default entry as its fallback. The same code, translated to JavaScript:
 * slower inside, and as exact.
 */
export * from './index.js';
import type { Core } from './index.js';

/** What {@link prepare} takes from the module that its `fallback` imports. */
export const core: Core;
