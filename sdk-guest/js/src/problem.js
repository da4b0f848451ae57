// Business errors: thrown, and told to the client as problem+json.

/** An answer of 400 to 599. What the request wrote is discarded. */
export class Problem extends Error {
  constructor(status, code, detail, field) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.field = field;
  }
  static notFound(what) {
    return new Problem(404, 'not-found', `There is no such ${what}.`);
  }
  static invalid(field, detail) {
    return new Problem(400, 'invalid-request', detail, field || undefined);
  }
  static unprocessable(field, detail) {
    return new Problem(422, 'unprocessable', detail, field);
  }
  static conflict(code, detail) {
    return new Problem(409, code, detail);
  }
  static forbidden(detail) {
    return new Problem(403, 'forbidden', detail);
  }
  static unauthorized() {
    return new Problem(401, 'unauthenticated', 'Sign in and send a bearer token.');
  }
  static internal(detail) {
    return new Problem(500, 'internal', detail);
  }
}

/**
 * An error of an interface's own, `{ tag, val }`: what a function of `[provides]` throws, and what its callers get from
 * `refusal`.
 */
export class Refusal extends Error {
  constructor(tag, val) {
    super(val === undefined ? tag : `${tag}: ${val}`);
    this.name = 'Refusal';
    this.payload = { tag, val };
  }
}

/** What an interface refused, `{ tag, val }`, if that is what was thrown. */
export function refusal(error) {
  const payload = error?.payload;
  return payload && typeof payload === 'object' && 'tag' in payload ? payload : undefined;
}

/** Calls the host; `problem` turns what it refuses into what the client is told if nobody catches it. */
export function asked(work, problem) {
  try {
    return work();
  } catch (error) {
    const refused = refusal(error);
    throw refused ? problem(refused) : error;
  }
}

export const tooMuch = (detail) => new Problem(422, 'too-much', detail);
export const unavailable = (detail) => new Problem(503, 'unavailable', detail);
