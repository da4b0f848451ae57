// Documents of the plugin's own collections. Needs the capability "storage".
import * as wire from 'stoa:storage/storage@0.1.0';
import { Problem, asked as calling, tooMuch, unavailable } from './problem.js';

/** A refusal of the store as the problem that a client is told if nobody catches it. */
function problem({ tag, val }) {
  switch (tag) {
    case 'not-found': return Problem.notFound('document');
    case 'already-exists': return Problem.conflict(tag, 'It exists already.');
    case 'not-unique': return new Problem(409, tag, `Another one has the same ${val}.`, val);
    case 'version-mismatch': return Problem.conflict(tag, `It has changed; its version is ${val} now.`);
    case 'invalid': return new Problem(400, 'invalid-request', val);
    case 'limit': return tooMuch(val);
    case 'unavailable': return unavailable(val);
    default: return Problem.internal(val ?? tag);
  }
}

const asked = (work) => calling(work, problem);

const stored = ({ id, version, body }) => ({ id, version: Number(version), value: JSON.parse(body) });
const until = (options) => (options?.expiresAt === undefined ? undefined : BigInt(options.expiresAt));

/** Conditions of queries. */
export const where = {
  eq: (path, value) => ({ eq: [path, value] }),
  ne: (path, value) => ({ ne: [path, value] }),
  lt: (path, value) => ({ lt: [path, value] }),
  le: (path, value) => ({ le: [path, value] }),
  gt: (path, value) => ({ gt: [path, value] }),
  ge: (path, value) => ({ ge: [path, value] }),
  oneOf: (path, values) => ({ in: [path, values] }),
  contains: (path, value) => ({ contains: [path, value] }),
  prefix: (path, text) => ({ prefix: [path, text] }),
  text: (paths, words) => ({ text: [paths, words] }),
  and: (...conditions) => ({ and: conditions }),
  or: (...conditions) => ({ or: conditions }),
  not: (condition) => ({ not: condition }),
};

const filterOf = (filter) => (filter === undefined ? '' : JSON.stringify(filter));

class Collection {
  constructor(name) {
    this.name = name;
  }
  get(id) {
    return this.getVersioned(id)?.value;
  }
  getVersioned(id) {
    const found = asked(() => wire.get(this.name, id));
    return found && stored(found);
  }
  getMany(ids) {
    return asked(() => wire.getMany(this.name, ids)).map(stored);
  }
  create(id, value, options) {
    return Number(asked(() => wire.create(this.name, id, JSON.stringify(value), until(options))));
  }
  put(id, value, options) {
    return Number(asked(() => wire.put(this.name, id, JSON.stringify(value), until(options))));
  }
  putIfVersion(id, version, value, options) {
    return Number(asked(() => wire.putIfVersion(this.name, id, BigInt(version), JSON.stringify(value), until(options))));
  }
  patch(id, merge) {
    return stored(asked(() => wire.patch(this.name, id, JSON.stringify(merge)))).value;
  }
  delete(id) {
    return asked(() => wire.delete(this.name, id));
  }
  increment(id, path, by = 1) {
    return Number(asked(() => wire.increment(this.name, id, path, BigInt(by))));
  }
  takeIfAtLeast(id, path, amount) {
    const left = asked(() => wire.takeIfAtLeast(this.name, id, path, BigInt(amount)));
    return left === undefined ? undefined : Number(left);
  }
  query({ filter, sort = [], limit = 50, offset = 0, cursor, fields = [], total = false } = {}) {
    const key = (each) => (typeof each === 'string' ? { path: each.replace(/^-/, ''), descending: each.startsWith('-') } : each);
    const page = asked(() => wire.query(this.name, {
      filter: filterOf(filter), sort: [].concat(sort).map(key), limit, offset, cursor, fields, total,
    }));
    return {
      items: page.items.map(stored),
      total: page.total === undefined ? undefined : Number(page.total),
      nextCursor: page.nextCursor,
    };
  }
  aggregate({ filter, groupBy = [], compute, limit = 1000 }) {
    return JSON.parse(asked(() => wire.aggregate(this.name, { filter: filterOf(filter), groupBy, compute, limit })));
  }
}

/** A collection of the manifest, by its name. */
export const collection = (name) => new Collection(name);
