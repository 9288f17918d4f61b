// Screenshots of the pages, kept as artifacts of the run.

import { inRepository } from './repository.js';

const FOLDER = inRepository('target/browser-screenshots');

/** Saves a screenshot of the whole page under this name. */
export async function keepScreenshot(page, name) {
  const file = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  await page.screenshot({ path: `${FOLDER}/${file}.png`, fullPage: true, animations: 'disabled' });
}
