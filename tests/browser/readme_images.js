// Makes the images of the README: `scripts/browser.sh tests/browser/readme_images.js`.

import { test } from 'node:test';

import { PASSWORD, registeredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { inRepository } from './helpers/repository.js';
import { startService } from './helpers/service.js';

const VIEWPORT = { width: 560, height: 640 };
const TOM = { email: 'tom@example.com', username: 'Tom', password: PASSWORD };
const service = await startService({ emails_from_name: 'Example' });

/** Takes a picture for screens with two pixels for each of CSS. */
async function keepImage(page, name) {
  await page.screenshot({ path: inRepository(`docs/images/${name}.png`), animations: 'disabled' });
}

test('the images of the login and the account page', async (t) => {
  await registeredUser(service, TOM);
  const tab = await newTab(t, service, { viewport: VIEWPORT, deviceScaleFactor: 2 });
  await tab.goto('/auth/login');
  await keepImage(tab.page, 'login');
  await tab.logIn(TOM, TOM.password);
  await tab.waitForAccountOf(TOM);
  await keepImage(tab.page, 'account');
});
