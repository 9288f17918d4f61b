// Users: each test has its own, so that tests do not affect each other.

import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

import { solvedCaptcha } from './captcha.js';

export const PASSWORD = 'correct horse 1';
export const NEW_PASSWORD = 'battery staple 2';

/** The time limit for the end of a session, and the polling interval. */
const END_LIMIT_MS = 10_000;
const POLL_INTERVAL_MS = 20;

/** The data of a user who has not registered yet. */
export function unregisteredUser() {
  const username = `Tom-${randomUUID().slice(0, 8)}`;
  return { email: `${username.toLowerCase()}@example.com`, username, password: PASSWORD };
}

/** Registers a new user by the API. */
export async function registeredUser(service, person = unregisteredUser()) {
  const captcha_answer = await solvedCaptcha(service);
  const { status, body } = await service.post('/api/v1/auth/register', { ...person, captcha_answer });
  if (status !== 201) throw new Error(`registration failed: ${status} ${JSON.stringify(body)}`);
  return person;
}

/** Waits for the mail that verifies the address of a new user. */
export function verificationMail(service, { email }) {
  return service.mail.next(email, 'verify-email');
}

/** Requests a reset link, and returns the link in the mail. */
export async function resetLink(service, { email }) {
  await service.post('/api/v1/auth/forgot-password', { email });
  const { link } = await service.mail.next(email, 'reset-password');
  return link;
}

/** Logs in by the API. */
export function logIn(service, { email }, password, headers = {}) {
  const body = new URLSearchParams({ username: email, password });
  return service.request('/api/v1/auth/login', { method: 'POST', body, headers });
}

/** Whether this password logs the user in. */
export async function canLogIn(service, person, password) {
  const { status } = await logIn(service, person, password);
  return status === 200;
}

/** Starts a session by the API, and returns its tokens. */
export async function sessionOf(service, person) {
  const { body } = await logIn(service, person, person.password);
  return body;
}

/** Waits until a session has ended. */
export async function waitForSessionEnd(service, { access_token }) {
  const headers = { authorization: `Bearer ${access_token}` };
  const deadline = Date.now() + END_LIMIT_MS;
  for (;;) {
    const { status } = await service.request('/api/v1/auth/me', { headers });
    if (status === 401) return;
    if (Date.now() > deadline) throw new Error(`the session has not ended: ${status}`);
    await setTimeout(POLL_INTERVAL_MS);
  }
}
