// People with accounts: each test has its own, so that none meets another's traces.

import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

import { solvedCaptcha } from './captcha.js';

export const PASSWORD = 'correct horse 1';
export const NEW_PASSWORD = 'battery staple 2';

/** How long the service may take to end a session that a page has left, and how often to look. */
const END_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** Somebody who has not registered yet. */
export function stranger() {
  const username = `Tom-${randomUUID().slice(0, 8)}`;
  return { email: `${username.toLowerCase()}@example.com`, username, password: PASSWORD };
}

/** Somebody who has registered. */
export async function member(service) {
  const person = stranger();
  const captcha_answer = await solvedCaptcha(service);
  const { status, body } = await service.post('/api/v1/auth/register', { ...person, captcha_answer });
  if (status !== 201) throw new Error(`registering failed: ${status} ${JSON.stringify(body)}`);
  return person;
}

/** Asks for a reset link for somebody and returns the link in the mail. */
export async function resetLink(service, { email }) {
  await service.post('/api/v1/auth/forgot-password', { email });
  const { link } = await service.mail.next(email);
  return link;
}

/** Logs somebody in by the API. */
export function logIn(service, { email }, password) {
  const body = new URLSearchParams({ username: email, password });
  return service.request('/api/v1/auth/login', { method: 'POST', body });
}

/** Whether this password logs this person in. */
export async function logsIn(service, person, password) {
  const { status } = await logIn(service, person, password);
  return status === 200;
}

/** The tokens of a session that a member begins by the API. */
export async function sessionOf(service, person) {
  const { body } = await logIn(service, person, person.password);
  return body;
}

/** Waits until a session has ended. */
export async function ends(service, { access_token }) {
  const headers = { authorization: `Bearer ${access_token}` };
  const deadline = Date.now() + END_LIMIT_MS;
  for (;;) {
    const { status } = await service.request('/api/v1/auth/me', { headers });
    if (status === 401) return;
    if (Date.now() > deadline) throw new Error(`the session goes on: ${status}`);
    await setTimeout(LOOK_EVERY_MS);
  }
}
