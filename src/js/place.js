/** What an error inside says and where it happened, for the development build: a panic knows its line, and a trap has a function of the wasm. */
export function placeOf(cause) {
  const { message = String(cause), stack = '' } = cause ?? {};
  const frame = stack.split('\n').find((line) => line.includes('wasm'));
  return frame && !message.startsWith('panicked') ? `${message}, ${frame.trim()}` : message;
}
