// Requests to services elsewhere, by their names under [outbound]. Needs the capability "http-client".
import * as wire from 'stoa:http/outbound@0.1.0';
import { asked } from './problem.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Why there is no answer: `kind` is denied, invalid, unreachable, unknown or limit. Only after `unknown` the service may have acted. */
export class OutboundError extends Error {
  constructor({ tag, val }) {
    super(`${tag}: ${val}`);
    this.name = 'OutboundError';
    this.kind = tag;
  }
}

/** The body's bytes and its type, if what it is says that. */
function content({ json, form, body }) {
  if (json !== undefined) return [JSON.stringify(json), 'application/json'];
  if (form !== undefined) return [new URLSearchParams(form).toString(), 'application/x-www-form-urlencoded'];
  return [body];
}

/** Sends and waits. `json`, `form` or `body` is the body; `purpose` makes a repetition reach the service under the same key. */
export function send(service, method, path, { headers = {}, purpose = '', ...body } = {}) {
  const [bytes, type] = content(body);
  const all = Object.entries(headers);
  if (type) all.push(['content-type', type]);
  const answer = asked(
    () => wire.send({
      service, method: method.toLowerCase(), path, headers: all, purpose,
      body: typeof bytes === 'string' ? encoder.encode(bytes) : (bytes ?? new Uint8Array()),
    }),
    (refused) => new OutboundError(refused),
  );
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    bytes: answer.body,
    text: () => decoder.decode(answer.body),
    json: () => JSON.parse(decoder.decode(answer.body)),
  };
}
