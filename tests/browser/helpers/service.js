// The service under test: the built component in a separate host, with its own database.

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

/** Generous, because an uncached component has to be compiled. */
const START_LIMIT_MS = 120_000;

/** The tests' default settings: cheap hashes and proofs of work, and mail to the stub. */
const SETTINGS = {
  secret_key: 'a secret key of the tests, 40 bytes long',
  argon2_memory_kib: '7168',
  argon2_passes: '1',
  captcha_cost: '1000',
  email_provider: 'resend',
  email_api_key: 're_key_of_the_tests',
  throttle: 'off',
};

/** Executes a statement from another process, and prints the number of changed rows. */
const CHANGE_ROWS = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=5) as database:
    print(database.execute(sys.argv[2]).rowcount)
`;

/**
 * Starts a service that stops with the test file, or with the test that calls this. `settings` override
 * those of the tests; one that is undefined keeps the service's default.
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
    const stubs = { email_api_host: mail.url, frontend_url: this.url };
    this.#settings = { ...SETTINGS, ...stubs, ...settings };
  }

  /**
   * Starts the host, always at the same address and with the same data, and waits until it serves.
   * `settings` override those of the service until the next start.
   */
  async start(settings = {}) {
    const host = process.env.GATEHOUSE_HOST ?? inRepository('target/native/gatehouse-host');
    const flags = ['--from', this.#manifest, '--listen', `127.0.0.1:${this.#port}`];
    this.#process = spawn(host, [...flags, '--state-dir', this.#directory], {
      cwd: this.#directory, // not where a developer may have a `.env`
      env: { ...inheritedVariables(), ...asVariables({ ...this.#settings, ...settings }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(this.#log, { flags: 'a' });
    this.#process.stdout.pipe(log, { end: false });
    this.#process.stderr.pipe(log, { end: false });
    await this.#waitUntilServing();
  }

  /** Stops the host, so that its port refuses connections. */
  async stop() {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }

  /** Stops everything and deletes all files. */
  async remove() {
    await this.stop();
    this.mail.stop();
    await rm(this.#directory, { recursive: true });
  }

  /** Sends a request, and returns the status and the body of the response. */
  async request(path, options) {
    const response = await fetch(this.url + path, options);
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  /** Posts JSON. */
  post(path, body) {
    const headers = { 'content-type': 'application/json' };
    return this.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Executes a statement directly on the database. It must change at least one row. */
  async change(statement) {
    const database = join(this.#directory, 'sqlite_db.db');
    const run = promisify(execFile);
    const { stdout } = await run('python3', ['-c', CHANGE_ROWS, database, statement]);
    if (Number(stdout) < 1) throw new Error(`no row changed by: ${statement}`);
  }

  get #log() {
    return join(this.#directory, 'output.log');
  }

  async #waitUntilServing() {
    const failed = (why) => async () => {
      throw new Error(`the host ${why}: ${await readFile(this.#log, 'utf8')}`);
    };
    const signal = AbortSignal.timeout(START_LIMIT_MS);
    await Promise.race([
      this.#waitForLine(`Serving ${this.url}`, signal),
      once(this.#process, 'exit', { signal }).then(failed('exited'), failed('did not start in time')),
    ]);
  }

  async #waitForLine(wanted, signal) {
    let output = '';
    while (!output.includes(wanted)) {
      const [chunk] = await once(this.#process.stdout, 'data', { signal });
      output += chunk;
    }
  }
}

/** Finds a free port. Links in mails contain the service's address, so it must be known before the start. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The environment without the developer's own settings. */
function inheritedVariables() {
  const isInherited = ([name]) => !name.startsWith('SPIN_VARIABLE_');
  return Object.fromEntries(Object.entries(process.env).filter(isInherited));
}

function asVariables(settings) {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const named = ([name, value]) => [`SPIN_VARIABLE_${name.toUpperCase()}`, value];
  return Object.fromEntries(given.map(named));
}
