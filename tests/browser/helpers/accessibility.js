// What axe-core finds wrong with a page.

import assert from 'node:assert/strict';

import axe from 'axe-core';

/** Nothing that axe-core can see keeps anybody from using the page. */
export async function assertAccessible(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map((node) => `${node.html}: ${node.failureSummary}`),
  }));
  assert.deepEqual(found, []);
}

/** The page is no wider than the screen. */
export async function assertFitsTheWidth(page) {
  const wider = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  assert.equal(wider, 0, `${page.url()} is wider than the screen`);
}
