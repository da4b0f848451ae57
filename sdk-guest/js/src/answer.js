// What handlers answer.

const utf8 = new TextEncoder();

/** An answer with everything said: status, headers as pairs, bytes. */
export class Response {
  constructor(status, headers, body) {
    this.status = status;
    this.headers = headers;
    this.body = typeof body === 'string' ? utf8.encode(body) : (body ?? new Uint8Array());
  }
}

export const json = (value, status = 200) =>
  new Response(status, [['content-type', 'application/json']], JSON.stringify(value));
export const created = (value) => json(value, 201);
export const noContent = () => new Response(204, [], '');
export const text = (value, status = 200) =>
  new Response(status, [['content-type', 'text/plain; charset=utf-8']], String(value));

/** Whatever a handler returned, as an answer: nothing is 204, a string text, anything else JSON. */
export function answer(value) {
  if (value instanceof Response) return value;
  if (value === undefined || value === null) return noContent();
  return typeof value === 'string' ? text(value) : json(value);
}
