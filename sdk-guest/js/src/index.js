// What every plugin uses: the definition, answers, problems, and the host's interfaces that need no capability.
import { nowMs } from 'stoa:clock/clock@0.1.0';
import { bytes, ulid } from 'stoa:random/random@0.1.0';
import { write } from 'stoa:log/log@0.1.0';
import { get } from 'stoa:settings/settings@0.1.0';
import { header, requestId } from 'stoa:http/inbound@0.1.0';

export { Problem, Refusal, refusal } from './problem.js';
export { Response, created, json, noContent, text } from './answer.js';

/** Says that this is a plugin. The build joins it with the manifest. */
export function plugin(definition) {
  return definition;
}

export const clock = {
  nowMs: () => Number(nowMs()),
  now: () => new Date(Number(nowMs())).toISOString(),
};

export const random = { ulid: () => ulid(), bytes: (length) => bytes(length) };

const line = (level) => (message) => write(level, String(message));
export const log = {
  trace: line('trace'), debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'),
};

export const settings = {
  get(name) {
    const value = get(name);
    return value === undefined ? undefined : JSON.parse(value);
  },
  all(...names) {
    const given = names.map((name) => [name, settings.get(name)]);
    return Object.fromEntries(given.filter(([, value]) => value !== undefined));
  },
};

export const inbound = { header: (name) => header(name), requestId: () => requestId() };
