// The texts of the pages, from the service's own language files.

import { readFileSync } from 'node:fs';

import { inRepository } from './repository.js';

/** The texts of a language, by its code. `messages` has those of users' own pages, too. */
export function textsIn(language) {
  const texts = JSON.parse(readFileSync(inRepository(`templates/languages/${language}.json`), 'utf8'));
  const { messages, own_messages } = texts;
  const nested = Object.keys(own_messages).filter((name) => typeof own_messages[name] !== 'string');
  const merged = nested.map((name) => [name, { ...messages[name], ...own_messages[name] }]);
  return { ...texts, messages: { ...messages, ...own_messages, ...Object.fromEntries(merged) } };
}

/** Fills the placeholders in a text. */
export function filled(text, values) {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
}
