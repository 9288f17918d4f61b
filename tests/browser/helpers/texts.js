// The pages' texts, from the very files that the pages take them from.

import { readFileSync } from 'node:fs';

import { inRepository } from './repository.js';

/** The texts of a language, by its code. */
export function textsIn(language) {
  return JSON.parse(readFileSync(inRepository(`templates/languages/${language}.json`), 'utf8'));
}

/** A text with its placeholders filled. */
export function filled(text, values) {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
}
