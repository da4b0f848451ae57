// Facts for other plugins. Needs the capability "events" and the event's name under `raises`.
import * as wire from 'stoa:events/events@0.1.0';
import { Problem, variant } from './problem.js';

function asked(work) {
  try {
    work();
  } catch (error) {
    const refusal = variant(error);
    if (!refusal) throw error;
    throw refusal.tag === 'limit' ? new Problem(422, 'too-much', refusal.val) : Problem.internal(`${refusal.tag}: ${refusal.val}`);
  }
}

/** Tells a fact once the request has committed; events of one key arrive in order. */
export const raise = (name, key, payload) => asked(() => wire.raise(name, key, JSON.stringify(payload)));
/** The same, no earlier than `atMs`. */
export const raiseAt = (name, key, payload, atMs) =>
  asked(() => wire.raiseAt(name, key, JSON.stringify(payload), BigInt(atMs)));
