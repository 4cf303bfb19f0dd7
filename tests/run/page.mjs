// The page that npm shows is the `README.md` beside `package.json`, and npm has no option for another. While the package is packed, JavaScript's page
// (`src/js/README.md`) lies there: `prepack` puts it, `postpack` puts the repository's back.

import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Puts JavaScript's page into the place of the README of the checkout `root`. The README is kept beside it. */
export function put(root) {
  const [readme, kept] = [join(root, 'README.md'), join(root, 'README.repository.md')];
  // One that a run before left behind is the README.
  if (!existsSync(kept)) renameSync(readme, kept);
  copyFileSync(join(root, 'src/js/README.md'), readme);
}

/** Puts the README back. */
export function back(root) {
  const kept = join(root, 'README.repository.md');
  if (existsSync(kept)) renameSync(kept, join(root, 'README.md'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  ({ put, back })[process.argv[2]](root);
}
