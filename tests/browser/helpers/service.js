// The service under test: the built component in a host of its own, with its own database.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';

import { MailProvider } from './mail.js';
import { inRepository } from './repository.js';

/** Compiling the component takes its time where no cache holds it. */
const START_LIMIT_MS = 120_000;

/** The settings of the tests: cheap hashes and proofs of work, and mail for the stub. */
const SETTINGS = {
  secret_key: 'a secret key of the tests, 40 bytes long',
  argon2_memory_kib: '7168',
  argon2_passes: '1',
  captcha_cost: '1000',
  email_provider: 'resend',
  email_api_key: 're_key_of_the_tests',
  throttle: 'off',
};

/** Changes rows as another process would, and says how many. */
const CHANGE_ROWS = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=5) as database:
    print(database.execute(sys.argv[2]).rowcount)
`;

/**
 * Starts a service that ends with the test file, or with the test that calls this. `settings` go
 * before those of the tests; one that is undefined is left to its default.
 */
export async function startService(settings = {}, manifest = 'spin.toml') {
  const mail = await MailProvider.start();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-browser-'));
  const service = new Service(inRepository(manifest), directory, mail, await freePort(), settings);
  after(() => service.remove());
  await service.start();
  return service;
}

class Service {
  #manifest;
  #directory;
  #settings;
  #port;
  #process;

  constructor(manifest, directory, mail, port, settings) {
    this.mail = mail;
    this.#manifest = manifest;
    this.#directory = directory;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    const neighbours = { email_api_host: mail.url, frontend_url: this.url };
    this.#settings = { ...SETTINGS, ...neighbours, ...settings };
  }

  /** Starts the host, at the same address each time, and waits until it serves. */
  async start() {
    const host = process.env.GATEHOUSE_HOST ?? inRepository('target/native/gatehouse-host');
    const flags = ['--from', this.#manifest, '--listen', `127.0.0.1:${this.#port}`];
    this.#process = spawn(host, [...flags, '--state-dir', this.#directory], {
      cwd: this.#directory, // where no `.env` of a developer lies
      env: { ...inheritedVariables(), ...asVariables(this.#settings) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(this.#log, { flags: 'a' });
    this.#process.stdout.pipe(log, { end: false });
    this.#process.stderr.pipe(log, { end: false });
    await this.#serving();
  }

  /** Ends the host: from now on its port refuses connections. */
  async stop() {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }

  /** Ends everything and leaves nothing behind. */
  async remove() {
    await this.stop();
    this.mail.stop();
    await rm(this.#directory, { recursive: true });
  }

  /** Sends a request and returns its status and its body. */
  async request(path, options) {
    const answer = await fetch(this.url + path, options);
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  }

  /** Posts JSON. */
  post(path, body) {
    const headers = { 'content-type': 'application/json' };
    return this.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Changes rows behind the service's back; at least one has to be there. */
  async change(statement) {
    const database = join(this.#directory, 'sqlite_db.db');
    const run = promisify(execFile);
    const { stdout } = await run('python3', ['-c', CHANGE_ROWS, database, statement]);
    if (Number(stdout) < 1) throw new Error(`no row for: ${statement}`);
  }

  get #log() {
    return join(this.#directory, 'output.log');
  }

  async #serving() {
    const failed = (why) => async () => {
      throw new Error(`the host ${why}: ${await readFile(this.#log, 'utf8')}`);
    };
    const signal = AbortSignal.timeout(START_LIMIT_MS);
    await Promise.race([
      this.#line(`Serving ${this.url}`, signal),
      once(this.#process, 'exit', { signal }).then(failed('ended'), failed('does not serve')),
    ]);
  }

  async #line(wanted, signal) {
    let output = '';
    while (!output.includes(wanted)) {
      const [chunk] = await once(this.#process.stdout, 'data', { signal });
      output += chunk;
    }
  }
}

/** The links in mails name the service's address, so it has to be known before it starts. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The environment without settings of the developer's own. */
function inheritedVariables() {
  const isForeign = ([name]) => !name.startsWith('SPIN_VARIABLE_');
  return Object.fromEntries(Object.entries(process.env).filter(isForeign));
}

function asVariables(settings) {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const named = ([name, value]) => [`SPIN_VARIABLE_${name.toUpperCase()}`, value];
  return Object.fromEntries(given.map(named));
}
