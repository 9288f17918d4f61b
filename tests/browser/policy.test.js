// The content security policy blocks injected code.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newVisit } from './helpers/browser.js';
import { startService } from './helpers/service.js';

const PATHS = [
  ...['/auth/register', '/auth/login', '/auth/forgot-password', '/auth/reset-password', '/auth/continue'],
  ...['/auth/verify-email', '/auth/not-me', '/account', '/admin'],
  '/docs',
];
const service = await startService();

/** Injections into a page; each would set `globalThis.marked`. */
const ATTACKS = {
  'an inline script': () => {
    const script = document.createElement('script');
    script.append('globalThis.marked = true');
    document.body.append(script);
  },
  'an external script': () => {
    const script = document.createElement('script');
    script.setAttribute('src', 'data:text/javascript,globalThis.marked = true');
    document.body.append(script);
  },
  'an inline event handler': () => {
    const button = document.createElement('button');
    button.setAttribute('onclick', 'globalThis.marked = true');
    document.body.append(button);
    button.click();
  },
};

for (const [name, attack] of Object.entries(ATTACKS)) {
  test(`${name} does not run on any page`, async (t) => {
    const visit = await newVisit(t, service);
    const page = await visit.newPage();
    // Keeps pages that need a session from leading to the login.
    await visit.context.route(/\/api\/v1\/auth\/(refresh|me)$/, () => {});
    for (const path of PATHS) {
      await page.goto(path);
      await page.evaluate(attack).catch(({ message }) => assert.match(message, /Trusted/));
      assert.equal(await page.evaluate(() => globalThis.marked), undefined, path);
      assert.match(visit.takeErrors().join(), /Content Security Policy|Trusted/, path);
    }
  });
}
