// Facts for other plugins. Needs the capability "events" and the event's name under `raises`.
import * as wire from 'stoa:events/events@0.1.0';
import { Problem, asked as calling, tooMuch } from './problem.js';

const asked = (work) =>
  calling(work, ({ tag, val }) => (tag === 'limit' ? tooMuch(val) : Problem.internal(`${tag}: ${val}`)));

/** Tells a fact once the request has committed; events of one key arrive in order. */
export const raise = (name, key, payload) => asked(() => wire.raise(name, key, JSON.stringify(payload)));
/** The same, no earlier than `atMs`. */
export const raiseAt = (name, key, payload, atMs) =>
  asked(() => wire.raiseAt(name, key, JSON.stringify(payload), BigInt(atMs)));
