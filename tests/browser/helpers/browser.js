// A real browser, and what has to hold on every page that it opens.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { chromium } from 'playwright-core';

import { keepScreenshot } from './screenshots.js';

const FLAGS = [
  '--no-sandbox', // containers have no namespaces to give
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long an element may take to be as a test expects it. */
const PATIENCE_MS = 30_000;

let browser;

before(async () => {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: FLAGS });
});

after(() => browser.close());

/**
 * Opens a profile of its own (cookies, storage, cache) that closes with the test. Nothing in it may
 * break the pages' policy, throw, or be sent anywhere but to the service.
 */
export async function newVisit(t, service, { locale = 'en-GB', origins = [], ...options } = {}) {
  const context = await browser.newContext({ baseURL: service.url, locale, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const visit = new Visit(context, watch(context), locale.slice(0, 2));
  t.after(() => visit.end(t, [service.url, ...origins]));
  return visit;
}

/** A page in a profile of its own. */
export async function newPage(t, service, options) {
  const visit = await newVisit(t, service, options);
  return visit.newPage();
}

class Visit {
  #watched;

  constructor(context, watched, language) {
    this.context = context;
    this.language = language;
    this.#watched = watched;
  }

  newPage() {
    return this.context.newPage();
  }

  /** Every request so far, with all that was sent. */
  requests() {
    return Promise.all(this.#watched.requests.map(described));
  }

  /** The requests so far to a path. */
  async requestsTo(path) {
    const requests = await this.requests();
    return requests.filter(({ url }) => new URL(url).pathname === path);
  }

  /** Takes the errors so far, breaches of a page's policy too: a test may expect some. */
  takeErrors() {
    return this.#watched.errors.splice(0);
  }

  async end(t, origins) {
    if (t.passed === false) await this.#keepScreenshots(t);
    await this.context.close();
    assert.deepEqual(this.#watched.errors, [], 'errors in a page');
    const urls = this.#watched.requests.map((request) => request.url());
    const elsewhere = urls.filter((url) => isElsewhere(url, origins));
    assert.deepEqual(elsewhere, [], 'requests to others');
  }

  async #keepScreenshots(t) {
    for (const [index, page] of this.context.pages().entries()) {
      await keepScreenshot(page, `failed ${t.name} ${index + 1}`);
    }
  }
}

function watch(context) {
  const watched = { requests: [], errors: [] };
  context.on('request', (request) => watched.requests.push(request));
  context.on('weberror', (error) => watched.errors.push(error.error().stack));
  context.on('console', (message) => {
    if (message.type() === 'error' && !tellsOfAnAnswer(message)) watched.errors.push(message.text());
  });
  return watched;
}

async function described(request) {
  return {
    method: request.method(),
    url: request.url(),
    headers: await request.allHeaders(),
    body: request.postData(),
  };
}

/** Chromium's own line about an answer of 4xx or 5xx, or about none. */
function tellsOfAnAnswer(message) {
  return message.text().startsWith('Failed to load resource:');
}

function isElsewhere(url, origins) {
  const { protocol, origin } = new URL(url);
  return protocol.startsWith('http') && !origins.includes(origin);
}
