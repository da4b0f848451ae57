// What the request's tenant pays for. Needs the capability "plans".
import * as wire from 'stoa:plans/plans@0.1.0';
import { Problem, asked as calling, unavailable } from './problem.js';

const asked = (work) =>
  calling(work, ({ tag, val }) => (tag === 'not-found' ? Problem.notFound('plan') : unavailable(val)));
const plan = ({ id, name, limits }) => ({
  id, name, limits: Object.fromEntries(limits.map(([word, most]) => [word, most === undefined ? undefined : Number(most)])),
});

/** All plans, the smallest first. */
export const list = () => wire.list().map(plan);
/** The tenant's plan. */
export const current = () => plan(asked(() => wire.current()));
/** Puts the tenant on a plan once the request has committed. */
export const change = (id) => asked(() => wire.change(id));
