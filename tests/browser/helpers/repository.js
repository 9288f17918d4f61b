// Paths in the repository.

import { fileURLToPath } from 'node:url';

/** Resolves a path relative to the repository's root. */
export function inRepository(path) {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
