// Requests to services elsewhere, by their names under [outbound]. Needs the capability "http-client".
import * as wire from 'stoa:http/outbound@0.1.0';
import { variant } from './problem.js';

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

/** Sends and waits. `json` or `body` is the body; `purpose` makes a repetition reach the service under the same key. */
export function send(service, method, path, { headers = {}, json, body, purpose = '' } = {}) {
  const all = Object.entries(headers);
  if (json !== undefined) all.push(['content-type', 'application/json']);
  const bytes = json === undefined ? body : JSON.stringify(json);
  try {
    const answer = wire.send({
      service, method: method.toLowerCase(), path, headers: all, purpose,
      body: typeof bytes === 'string' ? encoder.encode(bytes) : (bytes ?? new Uint8Array()),
    });
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      bytes: answer.body,
      text: () => decoder.decode(answer.body),
      json: () => JSON.parse(decoder.decode(answer.body)),
    };
  } catch (error) {
    const refusal = variant(error);
    throw refusal ? new OutboundError(refusal) : error;
  }
}
