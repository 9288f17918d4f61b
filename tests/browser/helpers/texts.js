// The texts of the pages, from the service's own language files.

import { readFileSync } from 'node:fs';

import { inRepository } from './repository.js';

/** The texts of a language, by its code. */
export function textsIn(language) {
  return JSON.parse(readFileSync(inRepository(`templates/languages/${language}.json`), 'utf8'));
}

/** Fills the placeholders in a text. */
export function filled(text, values) {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
}
