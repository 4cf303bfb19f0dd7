// What an engine without WebAssembly has, and Chromium before 114 on a page's main thread; neither is at hand.
switch (new URLSearchParams(location.search).get('refuse')) {
  case 'none':
    delete globalThis.WebAssembly;
    break;
  case 'limit':
    WebAssembly.Module = class {
      constructor() {
        throw new RangeError('WebAssembly.Compile is disallowed on the main thread, if the buffer size is larger than 4KB.');
      }
    };
    break;
}
