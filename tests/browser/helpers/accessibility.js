// Accessibility checks with axe-core.

import assert from 'node:assert/strict';

import axe from 'axe-core';

/** Asserts that axe-core finds no violation. */
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

/** Asserts that the page does not scroll horizontally. */
export async function assertFitsTheWidth(page) {
  const wider = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  assert.equal(wider, 0, `${page.url()} is wider than the screen`);
}
