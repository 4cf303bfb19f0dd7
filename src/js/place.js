/** The message and the place of an internal error, for the development build. A panic has its line, and a trap the name of a wasm function. */
export function placeOf(cause) {
  const { message = String(cause), stack = '' } = cause ?? {};
  const frame = stack.split('\n').find((line) => line.includes('wasm'));
  return frame && !message.startsWith('panicked') ? `${message}, ${frame.trim()}` : message;
}
