// A real browser, with checks that apply to every page that it opens.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { chromium } from 'playwright-core';

import { keepScreenshot } from './screenshots.js';

const FLAGS = [
  '--no-sandbox', // containers cannot create namespaces
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The timeout for elements to reach an expected state. */
const ACTION_TIMEOUT_MS = 30_000;

let browser;

before(async () => {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: FLAGS });
});

after(() => browser.close());

/**
 * Opens a separate profile (cookies, storage, cache) that closes with the test. Fails the test if a page
 * violates its policy, throws, or sends a request to another origin.
 */
export async function newVisit(t, service, { locale = 'en-GB', origins = [], ...options } = {}) {
  const context = await browser.newContext({ baseURL: service.url, locale, ...options });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  const visit = new Visit(context, service.url, watch(context), locale.slice(0, 2));
  t.after(() => visit.end(t, [service.url, ...origins]));
  return visit;
}

/** Opens a page in a separate profile. */
export async function newPage(t, service, options) {
  const visit = await newVisit(t, service, options);
  return visit.newPage();
}

class Visit {
  #url;
  #watched;

  constructor(context, url, watched, language) {
    this.context = context;
    this.#url = url;
    this.language = language;
    this.#watched = watched;
  }

  newPage() {
    return this.context.newPage();
  }

  /** The session's cookies, by name; no script can read them. */
  async sessionCookies() {
    const cookies = await this.context.cookies(`${this.#url}/api/v1/auth/refresh`);
    return Object.fromEntries(cookies.map((cookie) => [cookie.name, cookie]));
  }

  /** Removes the cookie with the access token, as if the token had expired. */
  expireAccess() {
    return this.context.clearCookies({ name: 'gatehouse' });
  }

  /** All requests so far, with their headers and bodies. */
  requests() {
    return Promise.all(this.#watched.requests.map(described));
  }

  /** All requests to a path so far. */
  async requestsTo(path) {
    const requests = await this.requests();
    return requests.filter(({ url }) => new URL(url).pathname === path);
  }

  /** Returns and clears the errors so far, including policy violations, for tests that expect some. */
  takeErrors() {
    return this.#watched.errors.splice(0);
  }

  async end(t, origins) {
    if (t.passed === false) await this.#keepScreenshots(t);
    await this.context.close();
    assert.deepEqual(this.#watched.errors, [], 'errors in a page');
    const urls = this.#watched.requests.map((request) => request.url());
    const foreign = urls.filter((url) => isForeign(url, origins));
    assert.deepEqual(foreign, [], 'requests to other origins');
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
    if (message.type() === 'error' && !isAboutAResponse(message)) watched.errors.push(message.text());
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

/** Whether this is Chromium's message about an error response or a failed request. */
function isAboutAResponse(message) {
  return message.text().startsWith('Failed to load resource:');
}

function isForeign(url, origins) {
  const { protocol, origin } = new URL(url);
  return protocol.startsWith('http') && !origins.includes(origin);
}
