// Joins an author's definition with what the manifest names, while the component is built: each side has to know
// every handler of the other.
import { header } from 'stoa:http/inbound@0.1.0';
import { write } from 'stoa:log/log@0.1.0';
import { answer } from './answer.js';
import { install } from './globals.js';
import { Problem, refusal } from './problem.js';
import { check } from './schema.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `add_note` and `addNote` are one name. */
const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** The author's functions by the manifest's names; throws where either side has one that the other has not. */
function pair(kind, names, functions = {}) {
  const found = {};
  const used = new Set();
  for (const name of names) {
    const spelled = [camel(name), name].find((each) => typeof functions[each] === 'function');
    if (!spelled) throw new Error(`plugin.toml names the ${kind} ${name}, but the code has no ${kind} ${camel(name)}`);
    found[name] = functions[spelled];
    used.add(spelled);
  }
  const unknown = Object.keys(functions).filter((name) => !used.has(name));
  if (unknown.length) throw new Error(`the code has a ${kind} ${unknown.join(', ')} that plugin.toml does not name`);
  return found;
}

class Caller {
  constructor(caller) {
    Object.assign(this, caller);
  }
  /** The account's id; 401 if nobody is signed in. */
  user() {
    if (this.kind !== 'user') throw Problem.unauthorized();
    return this.id;
  }
  hasRole(role) {
    return this.role === role;
  }
}

class Request {
  constructor(wire, body) {
    this.handler = wire.handler;
    this.params = Object.fromEntries(wire.params);
    this.query = new URLSearchParams(wire.query);
    this.bytes = wire.body;
    this.body = body;
    this.caller = new Caller(wire.caller);
  }
  header(name) {
    return header(name);
  }
  text() {
    try {
      return utf8.decode(this.bytes);
    } catch {
      throw Problem.invalid('', 'The body is no text.');
    }
  }
}

function parsed(bytes) {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw Problem.invalid('', `The body is no JSON: ${error.message}`);
  }
}

/** Runs the author's code: a `Problem` is told to the host as one, anything else is logged and breaks the call. */
function guarded(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) {
      const { status, code, detail, field } = error;
      throw { status, code, detail, field };
    }
    broken(error);
    throw error;
  }
}

const broken = (error) => write('error', `${error}\n${error?.stack ?? ''}`);

/** A function for other plugins: what it throws is the interface's own error, or is logged and breaks the call. */
const provided = (work) => (...args) => {
  try {
    return synchronous(work(...args));
  } catch (error) {
    if (!refusal(error)) broken(error);
    throw error;
  }
};
const allProvided = (functions) =>
  Object.fromEntries(Object.entries(functions).map(([name, work]) => [name, provided(work)]));

const synchronous = (value) => {
  if (typeof value?.then === 'function') throw new Error('handlers are synchronous: the host waits, not the guest');
  return value;
};

/** The component's exports. */
export function bind(definition, names, schemas) {
  install();
  const { handlers, events, turns, health, migrate, personalData, provides } = definition ?? {};
  const ofRequests = pair('handler', Object.keys(names.handlers), handlers);
  const ofEvents = pair('event handler', names.events, events);
  const ofTurns = pair('turn', names.turns, turns);
  const ofOthers = pair('interface', names.provides, Object.fromEntries(
    Object.entries(provides ?? {}).map(([name, functions]) => [name, () => functions]),
  ));
  for (const [asked, name, given] of [
    [names.lifecycle, 'health', health], [names.lifecycle, 'migrate', migrate], [names.personalData, 'personalData', personalData],
  ]) {
    if (asked && typeof given !== 'function') throw new Error(`plugin.toml asks for ${name}, but the code has none`);
    if (!asked && given) throw new Error(`the code has ${name}, but plugin.toml does not say so`);
  }
  /** A refusal of these is a text for the operator. */
  const told = (work) => {
    try {
      return synchronous(work());
    } catch (error) {
      throw String(error?.message ?? error);
    }
  };
  return {
    handler: {
      handle: (wire) => guarded(() => {
        const type = names.handlers[wire.handler];
        const isJson = wire.body.length > 0 && (type || (header('content-type') ?? '').startsWith('application/json'));
        const body = isJson ? parsed(wire.body) : undefined;
        if (type) check(body, schemas[type], schemas);
        const { status, headers, body: bytes } = answer(synchronous(ofRequests[wire.handler](new Request(wire, body))));
        return { status, headers, body: bytes };
      }),
    },
    subscriber: {
      handle: (name, event) => guarded(() => {
        const { raisedAtMs, payload } = event;
        synchronous(ofEvents[name]({ ...event, raisedAtMs: Number(raisedAtMs), payload: JSON.parse(payload) }));
      }),
    },
    scheduled: { run: (name, dueMs) => guarded(() => void synchronous(ofTurns[name]({ dueMs: Number(dueMs) }))) },
    lifecycle: {
      health: () => told(() => void synchronous(health())),
      migrate: (stored) => told(() => void synchronous(migrate(stored))),
    },
    personalData: { export: (account) => told(() => JSON.stringify(synchronous(personalData(account)))) },
    provides: Object.fromEntries(Object.entries(ofOthers).map(([name, functions]) => [name, allProvided(functions())])),
  };
}
