// Messages to whoever listens at this moment. Needs the capability "live" and a [[channel]].
import * as wire from 'stoa:live/live@0.1.0';
import { Problem, asked, tooMuch } from './problem.js';

const telling = (channel, work) =>
  asked(work, ({ tag, val }) => (tag === 'limit' ? tooMuch(val) : Problem.internal(`channel ${channel}: ${val}`)));
const say = (channel, event, payload, keep) =>
  telling(channel, () => wire.push(channel, event, JSON.stringify(payload), keep));

/** Says something to everybody on a channel once the request has committed; where it keeps a history, also to who comes back. */
export const push = (channel, event, payload) => say(channel, event, payload, true);
/** The same, for what means nothing a moment later: no history keeps it. */
export const pushPassing = (channel, event, payload) => say(channel, event, payload, false);
/** Lets an account listen to a channel no longer, once the request has committed. */
export const evict = (channel, account) => telling(channel, () => wire.evict(channel, account));
