/** Sets the names of exported classes, which a minifier removes. People see them in stack traces and consoles. */
export function named(classes) {
  for (const [name, value] of Object.entries(classes)) Object.defineProperty(value, 'name', { value: name, configurable: true });
  return classes;
}
