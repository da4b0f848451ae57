// Who may sell. Needs the capability "roles".
import * as wire from 'stoa:directory/roles@0.1.0';
import { Problem, asked, unavailable } from './problem.js';

function problem({ tag, val }) {
  switch (tag) {
    case 'not-found': return Problem.notFound('account');
    case 'denied': return new Problem(422, 'unprocessable', val);
    default: return unavailable(val);
  }
}

/** Gives a person of this tenant the role `vendor`, or `user` again, once the request has committed. */
export const setSelling = (account, selling) => asked(() => wire.setSelling(account, selling), problem);
