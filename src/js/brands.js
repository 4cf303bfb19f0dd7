// What an object is, whichever realm (frame, worker, Node context) it comes from: `instanceof` knows only those of this one.

/** A compiled module. */
export const isModule = (value) => Object.prototype.toString.call(value) === '[object WebAssembly.Module]';

/** A URL. */
export const isURL = (value) => Object.prototype.toString.call(value) === '[object URL]';

const { get: byteLengthOf } = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength');

/** An `ArrayBuffer`: its getter throws for everything else, shared memory included. */
export const isBuffer = (value) => {
  try {
    byteLengthOf.call(value);
    return true;
  } catch {
    return false;
  }
};
