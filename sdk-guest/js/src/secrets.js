// Secrets that work for a plugin without being shown to it. Needs the capability "secrets" and the secret under [secrets].
import * as wire from 'stoa:secrets/secrets@0.1.0';
import { Problem, asked } from './problem.js';

const encoder = new TextEncoder();
const bytes = (message) => (typeof message === 'string' ? encoder.encode(message) : message);

function problem({ tag, val }) {
  if (tag === 'unset') return new Problem(503, 'not-configured', `The operator has not set the secret ${val}.`);
  return Problem.internal(`secrets: ${val}`);
}
const macs = (name, message) => asked(() => wire.hmacSha256(name, bytes(message)), problem);

/** HMAC-SHA256 of the message under the newest value of the secret. */
export const sign = (name, message) => macs(name, message)[0];
/** Whether `signature` is the HMAC-SHA256 of the message under one of the secret's values. */
export const verifies = (name, message, signature) =>
  macs(name, message).map((mac) => wire.same(mac, signature)).includes(true);
/** Whether two texts of bytes are the same, in a time that tells nothing of where they differ. */
export const same = (a, b) => wire.same(bytes(a), bytes(b));
