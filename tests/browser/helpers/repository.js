// Where things lie in the repository.

import { fileURLToPath } from 'node:url';

/** A path inside the repository. */
export function inRepository(path) {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
