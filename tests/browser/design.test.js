// Every page in every state fits phones and desktops, and is accessible in both colour schemes. Saves
// screenshots in both languages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFitsTheWidth } from './helpers/accessibility.js';
import { newTab } from './helpers/pages.js';
import { SCENES } from './helpers/scenes.js';
import { keepScreenshot } from './helpers/screenshots.js';
import { startService } from './helpers/service.js';

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1024, height: 768 };
const service = await startService();
/** A brand in a colour that is hard to read on a light ground, and one that is on a dark ground. */
const BRANDS = await Promise.all(
  ['#ffee00', '#000044'].map((brand_color) =>
    startService({
      brand_color,
      brand_logo: '/auth/assets/icon.svg',
      terms_url: '/terms',
      privacy_url: 'https://example.com/privacy',
    }),
  ),
);

for (const [name, enter] of Object.entries(SCENES)) {
  for (const locale of ['en-GB', 'pl-PL']) {
    test(`${name} fits every screen and is accessible in ${locale}`, async (t) => {
      const tab = await newTab(t, service, { locale });
      await enter(tab, service);
      for (const screen of [PHONE, DESKTOP]) {
        await tab.page.setViewportSize(screen);
        await assertFitsTheWidth(tab.page);
        for (const colorScheme of ['light', 'dark']) {
          await tab.page.emulateMedia({ colorScheme });
          await keepScreenshot(tab.page, `${name} ${tab.visit.language} ${screen.width} ${colorScheme}`);
          await assertAccessible(tab.page);
        }
      }
    });
  }
}

for (const [index, branded] of BRANDS.entries()) {
  for (const name of ['register refused', 'login refused', 'reset password done', 'account', 'admin users']) {
    test(`${name} is accessible in ugly colour ${index + 1}`, async (t) => {
      const tab = await newTab(t, branded, { viewport: PHONE, locale: 'pl-PL' });
      await SCENES[name](tab, branded);
      await assertFitsTheWidth(tab.page);
      await assertLoaded(tab.page.getByAltText('My Users Service'));
      for (const colorScheme of ['light', 'dark']) {
        await tab.page.emulateMedia({ colorScheme });
        await keepScreenshot(tab.page, `branded ${index + 1} ${name} ${colorScheme}`);
        await assertAccessible(tab.page);
        await tab.page.getByRole('link').first().hover();
        await assertAccessible(tab.page);
      }
    });
  }
}

/** Asserts that an image is shown, and not its alternative text. */
async function assertLoaded(image) {
  const width = await image.evaluate(async (element) => {
    await element.decode();
    return element.naturalWidth;
  });
  assert.ok(width > 0, 'the image has no width');
}

test('the dark scheme is dark, and the light scheme is light', async (t) => {
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  for (const [colorScheme, isExpected] of [
    ['light', (lightness) => lightness > 200],
    ['dark', (lightness) => lightness < 60],
  ]) {
    await tab.page.emulateMedia({ colorScheme });
    const background = await tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red, green, blue] = background.match(/\d+/g).map(Number);
    assert.ok(isExpected((red + green + blue) / 3), `${colorScheme}: ${background}`);
  }
});

test('pages fit the screen with text twice as large', async (t) => {
  const tab = await newTab(t, service, { viewport: PHONE, locale: 'pl-PL' });
  for (const path of ['/auth/register', '/auth/login', '/auth/forgot-password']) {
    await tab.goto(path);
    await tab.page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    await assertFitsTheWidth(tab.page);
  }
});
