export interface Stored<T> {
  id: string;
  /** Grows by one with each committed request that wrote it. */
  version: number;
  value: T;
}
export interface Page<T> {
  items: Stored<T>[];
  total?: number;
  nextCursor?: string;
}
/** A condition; made by `where`. */
export type Filter = object;
export interface Selection {
  filter?: Filter;
  /** Paths, with `-` in front for descending; at most 4. */
  sort?: string | string[];
  /** 1 to 200; 50 if absent. */
  limit?: number;
  offset?: number;
  cursor?: string;
  /** Fields to fetch; all if absent. */
  fields?: string[];
  /** Whether to count all matches. */
  total?: boolean;
}
export interface Calculation {
  filter?: Filter;
  groupBy?: string[];
  /** Any of `count`, `sum:path`, `avg:path`, `min:path`, `max:path`. */
  compute: string[];
  limit?: number;
}
export interface Expiry {
  /** Milliseconds since 1970; then the document is gone. */
  expiresAt?: number;
}
/** Every method throws a `Problem` that a client may be told: 404 not-found, 409 already-exists, not-unique, version-mismatch, 422 too-much, 503 unavailable. */
export interface Collection<T> {
  get(id: string): T | undefined;
  getVersioned(id: string): Stored<T> | undefined;
  getMany(ids: string[]): Stored<T>[];
  create(id: string, value: T, options?: Expiry): number;
  put(id: string, value: T, options?: Expiry): number;
  putIfVersion(id: string, version: number, value: T, options?: Expiry): number;
  /** Merges as RFC 7396 says; answers the result. */
  patch(id: string, merge: object): T;
  delete(id: string): boolean;
  increment(id: string, path: string, by?: number): number;
  /** What is left, or undefined where there is less. */
  takeIfAtLeast(id: string, path: string, amount: number): number | undefined;
  query(selection?: Selection): Page<T>;
  aggregate(calculation: Calculation): Record<string, unknown>[];
}
export function collection<T = any>(name: string): Collection<T>;
export const where: {
  eq(path: string, value: unknown): Filter;
  ne(path: string, value: unknown): Filter;
  lt(path: string, value: unknown): Filter;
  le(path: string, value: unknown): Filter;
  gt(path: string, value: unknown): Filter;
  ge(path: string, value: unknown): Filter;
  oneOf(path: string, values: unknown[]): Filter;
  contains(path: string, value: unknown): Filter;
  prefix(path: string, text: string): Filter;
  text(paths: string[], words: string): Filter;
  and(...conditions: Filter[]): Filter;
  or(...conditions: Filter[]): Filter;
  not(condition: Filter): Filter;
};
