// For workerd, which compiles nothing at run time: the bundler of the worker brings the module.
import module from './websocket-channel.wasm';
import { init } from './slim.js';

void init(module);

export * from './slim.js';
