/** Who calls. The host has authenticated it. */
export interface Caller {
  kind: 'anonymous' | 'session' | 'user';
  /** The account's id when `kind` is `user`, else empty. */
  id: string;
  email?: string;
  /** `admin`, `developer`, `viewer`, `vendor`, `user` or `worker`; empty unless signed in. */
  role: string;
  /** The browser's session, if it sent one. */
  session?: string;
  /** The account's id; throws 401 if nobody is signed in. */
  user(): string;
  hasRole(role: string): boolean;
}

/** A request that the host has matched, authenticated and admitted. `Body` is what the route's schema describes. */
export interface Request<Body = unknown> {
  /** The manifest's name of the handler. */
  handler: string;
  /** Path parameters, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** The body's bytes as they came. */
  bytes: Uint8Array;
  /** The body's JSON, checked against the schema that the manifest names; undefined if there is none. */
  body: Body;
  caller: Caller;
  /** A request header; never `authorization` or `cookie`. */
  header(name: string): string | undefined;
  /** The body as text. */
  text(): string;
}

/** An answer with everything said. A status of 400 or more discards what the request wrote. */
export class Response {
  constructor(status: number, headers: [string, string][], body?: string | Uint8Array);
}

/** Nothing is 204, a string text, anything else JSON. */
export type Answer = Response | string | object | null | undefined | void;
export type Handler = (request: Request<any>) => Answer;

/** A fact that another plugin, or the host, has told. */
export interface Event<Payload = any> {
  id: string;
  name: string;
  source: string;
  key: string;
  payload: Payload;
  raisedAtMs: number;
  /** 1 for the first delivery, more after failures. */
  attempt: number;
}

export interface Definition {
  /** By the names of `handler` in routes and channels: `add_note` is written `addNote`. */
  handlers?: Record<string, Handler>;
  /** By the names of `handler` in `[[subscribe]]`. */
  events?: Record<string, (event: Event) => void>;
  /** By the names of `handler` in `[[schedule]]`. */
  turns?: Record<string, (turn: { dueMs: number }) => void>;
  /** With `lifecycle = true`: throws when this version must not go live. */
  health?: () => void;
  /** With `lifecycle = true`: once per tenant for a new version. */
  migrate?: (stored: string) => void;
  /** With `personal_data = true`: what is kept about an account. */
  personalData?: (account: string) => object;
  /** By the aliases under `[provides]`: the interface's functions. */
  provides?: Record<string, Record<string, Function>>;
}

/** Says what the plugin does: the module's default export. */
export function plugin(definition: Definition): Definition;

/** An answer of 400 to 599, thrown. What the request wrote is discarded. */
export class Problem extends Error {
  constructor(status: number, code: string, detail: string, field?: string);
  status: number;
  code: string;
  detail: string;
  field?: string;
  static notFound(what: string): Problem;
  static invalid(field: string, detail: string): Problem;
  static unprocessable(field: string, detail: string): Problem;
  static conflict(code: string, detail: string): Problem;
  static forbidden(detail: string): Problem;
  static unauthorized(): Problem;
  static internal(detail: string): Problem;
}

/** An error of an interface's own: what a function of `[provides]` throws. */
export class Refusal extends Error {
  constructor(tag: string, val?: unknown);
  payload: { tag: string; val?: unknown };
}
/** What a function of `[uses]` or `[extensions]` refused, if that is what was thrown. */
export function refusal(error: unknown): { tag: string; val?: any } | undefined;

export function json(value: unknown, status?: number): Response;
export function created(value: unknown): Response;
export function noContent(): Response;
export function text(value: string, status?: number): Response;

export const clock: {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** The same in RFC 3339. */
  now(): string;
};
export const random: {
  /** 26 characters that sort by time. */
  ulid(): string;
  /** At most 4,096. */
  bytes(length: number): Uint8Array;
};
export const log: Record<'trace' | 'debug' | 'info' | 'warn' | 'error', (message: unknown) => void>;
export const settings: {
  /** The tenant's value, else the deployment's, else the manifest's default, at this moment. */
  get<T = unknown>(name: string): T | undefined;
  /** Several of them as one object; those that nobody gives are not in it. */
  all<T = Record<string, unknown>>(...names: (keyof T & string)[]): Partial<T>;
};
export const inbound: { header(name: string): string | undefined; requestId(): string };
