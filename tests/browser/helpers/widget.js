// A front end on another origin that uses the captcha's official widget from npm.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after } from 'node:test';

const PAGE = `<!doctype html>
<html lang="en">
<title>A front end</title>
<script type="module">
  import '/altcha.js';
  const widget = document.createElement('altcha-widget');
  widget.setAttribute('challenge', new URLSearchParams(location.search).get('challenge'));
  document.querySelector('form').append(widget);
</script>
<form></form>
`;

/**
 * Serves a page with the widget until the test file ends. The query parameter `challenge` is the URL of
 * the challenges.
 */
export async function startWidgetPage() {
  const widget = await readFile(new URL(import.meta.resolve('altcha')));
  const server = createServer((request, response) => {
    if (request.url === '/altcha.js') {
      response.setHeader('content-type', 'text/javascript').end(widget);
    } else {
      response.setHeader('content-type', 'text/html').end(PAGE);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}` };
}
