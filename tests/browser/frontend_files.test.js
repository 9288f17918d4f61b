// The files of the example's front end, and their headers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const PATH = '/app/';
/** In bytes; the current size is 110,000. */
const MAX_WASM_SIZE = 150_000;

const service = await startService({}, 'examples/frontend/spin.toml');

test('only existing files are served, and only for reading', async () => {
  for (const [path, method, status] of [
    ['/app', 'GET', 308],
    ['/app/nothing', 'GET', 404],
    ['/app/..%2fpage.js', 'GET', 404],
    ['/app/', 'POST', 405],
    ['/app/page.js', 'DELETE', 405],
    ['/app/page.js', 'HEAD', 200],
  ]) {
    const { status: found } = await fetch(service.url + path, { method, redirect: 'manual' });
    assert.equal(found, status, `${method} ${path}`);
  }
});

test('a file has its type, a strict policy and an ETag, and is cached', async () => {
  for (const [file, type] of [
    ['', 'text/html'],
    ['style.css', 'text/css'],
    ['start.js', 'text/javascript'],
    ['page.js', 'text/javascript'],
    ['page_bg.wasm', 'application/wasm'],
  ]) {
    const url = service.url + PATH + file;
    const { status, headers } = await fetch(url);
    assert.equal(status, 200, file);
    assert.equal(headers.get('content-type'), type);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy'), /script-src 'self' 'wasm-unsafe-eval';/);
    const unchanged = await fetch(url, { headers: { 'if-none-match': headers.get('etag') } });
    assert.equal(unchanged.status, 304, file);
    const changed = await fetch(url, { headers: { 'if-none-match': '"another"' } });
    assert.equal(changed.status, 200, file);
  }
});

test('the WebAssembly stays small', async () => {
  const response = await fetch(`${service.url}${PATH}page_bg.wasm`);
  const { byteLength } = await response.arrayBuffer();
  assert.ok(byteLength < MAX_WASM_SIZE, `${byteLength} bytes`);
});

test('a failure to load the WebAssembly is reported', async (t) => {
  const tab = await newTab(t, service);
  await tab.visit.context.route('**/page_bg.wasm', (route) => route.abort());
  await tab.goto(PATH);
  await tab.waitForAlert('This page could not be loaded.');
  assert.ok(tab.visit.takeErrors().length > 0);
});
