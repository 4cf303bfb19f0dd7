import { readFileSync } from 'node:fs';

/**
 * What kind of system this is, as far as installing packages goes.
 *
 * `debian` is true for Debian itself only: its derivatives have other package names (Ubuntu's Chromium is a snap),
 * and a wrong name helps nobody.
 *
 * @param {string} osRelease the file that names the distribution
 */
export function describeSystem(osRelease) {
  let text = '';
  try {
    text = readFileSync(osRelease, 'utf8');
  } catch {
    // macOS and others have none.
  }
  const field = (name) => text.match(new RegExp(`^${name}=("?)(.*)\\1$`, 'm'))?.[2];
  return {
    debian: process.platform === 'linux' && field('ID') === 'debian',
    name: field('PRETTY_NAME') ?? process.platform,
    root: process.getuid?.() === 0,
  };
}
