// The files of the example's front end: what is served, and how.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const PATH = '/app/';
/** In bytes; it is 110,000. */
const MAX_WASM_SIZE = 150_000;

const service = await startService({}, 'examples/frontend/spin.toml');

test('only what is there is served, and only to be read', async () => {
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

test('a file comes with its type, a strict policy and a tag, and once only', async () => {
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
    const known = await fetch(url, { headers: { 'if-none-match': headers.get('etag') } });
    assert.equal(known.status, 304, file);
    const other = await fetch(url, { headers: { 'if-none-match': '"another"' } });
    assert.equal(other.status, 200, file);
  }
});

test('the WebAssembly stays small', async () => {
  const answer = await fetch(`${service.url}${PATH}page_bg.wasm`);
  const { byteLength } = await answer.arrayBuffer();
  assert.ok(byteLength < MAX_WASM_SIZE, `${byteLength} bytes`);
});

test('whose browser cannot load the WebAssembly is told so', async (t) => {
  const tab = await newTab(t, service);
  await tab.visit.context.route('**/page_bg.wasm', (route) => route.abort());
  await tab.goto(PATH);
  await tab.isAlerted('This page could not be loaded.');
  assert.ok(tab.visit.takeErrors().length > 0);
});
