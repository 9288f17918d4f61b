// Pictures of the pages, kept as the run's output.

import { inRepository } from './repository.js';

const FOLDER = inRepository('target/browser-screenshots');

/** Keeps a picture of the whole page under this name. */
export async function keepScreenshot(page, name) {
  const file = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  await page.screenshot({ path: `${FOLDER}/${file}.png`, fullPage: true, animations: 'disabled' });
}
