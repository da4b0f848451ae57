// Letters. Needs the capability "mail".
import * as wire from 'stoa:mail/mail@0.1.0';
import { Problem, asked, tooMuch } from './problem.js';

function problem({ tag, val }) {
  switch (tag) {
    case 'invalid': return new Problem(422, 'unprocessable', val);
    case 'limit': return tooMuch(val);
    default: return Problem.internal(`mail: ${val}`);
  }
}

/** Sends a letter if and only if the request commits. `to` is `{ account }` or `{ address }`. */
export function send(to, subject, text) {
  const recipient = to.account === undefined ? { tag: 'address', val: to.address } : { tag: 'account', val: to.account };
  asked(() => wire.send({ to: recipient, subject, text }), problem);
}
