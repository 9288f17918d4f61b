// Solves the built-in captcha with the protocol's official libraries.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';

import { inRepository } from './repository.js';

const SOLVE_IN_PYTHON = `
import json, sys
from altcha import Challenge, Payload, solve_challenge
challenge = Challenge.from_dict(json.load(sys.stdin))
print(Payload(challenge, solve_challenge(challenge)).to_base64())
`;

/** Requests a new challenge. */
export async function challenge(service) {
  const { body } = await service.request('/api/v1/captcha/challenge');
  return body;
}

/** Requests a new challenge, and solves it with the npm library. */
export async function solvedCaptcha(service) {
  return solveInNode(await challenge(service));
}

/** Solves a challenge with the npm library. */
export async function solveInNode(challenge) {
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

/** Solves a challenge with the PyPI library. */
export async function solveInPython(challenge) {
  const python = inRepository('target/browser-python/bin/python');
  const solving = promisify(execFile)(python, ['-c', SOLVE_IN_PYTHON]);
  solving.child.stdin.end(JSON.stringify(challenge));
  const { stdout } = await solving;
  return stdout.trim();
}
