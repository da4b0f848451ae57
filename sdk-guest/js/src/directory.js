// The people of the request's tenant. Needs the capability "directory".
import * as wire from 'stoa:directory/directory@0.1.0';
import { Problem, asked as calling, unavailable } from './problem.js';

const asked = (work) =>
  calling(work, ({ tag, val }) => (tag === 'unavailable' ? unavailable(val) : Problem.internal(`directory: ${val}`)));
const person = (found) => ({ ...found, joinedAtMs: Number(found.joinedAtMs) });

/** One person, or undefined if the id is of nobody in this tenant. */
export function get(id) {
  const found = asked(() => wire.get(id));
  return found && person(found);
}
/** Those of the people that are in this tenant; at most 100 ids. */
export const getMany = (ids) => asked(() => wire.getMany(ids)).map(person);
/** People by the time they joined, newest first; at most 200 a page. */
export function list({ role, offset = 0, limit = 50 } = {}) {
  const { people, total } = asked(() => wire.list(role, offset, limit));
  return { people: people.map(person), total };
}
