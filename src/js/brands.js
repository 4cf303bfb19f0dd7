// Detects the type of an object from any realm (frame, worker, Node context): `instanceof` knows this realm only.

/** A compiled module. */
export const isModule = (value) => Object.prototype.toString.call(value) === '[object WebAssembly.Module]';

/** A URL. */
export const isURL = (value) => Object.prototype.toString.call(value) === '[object URL]';

const { get: byteLengthOf } = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength');

/** An `ArrayBuffer`: its getter throws for everything else, including shared memory. */
export const isBuffer = (value) => {
  try {
    byteLengthOf.call(value);
    return true;
  } catch {
    return false;
  }
};
