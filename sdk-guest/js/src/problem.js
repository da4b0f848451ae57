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

/** What the host's interfaces throw: the error's variant is the payload. */
export function variant(error) {
  const payload = error?.payload;
  return payload && typeof payload === 'object' ? payload : undefined;
}
