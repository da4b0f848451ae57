export interface Person {
  /** The account's id. */
  id: string;
  email: string;
  name: string;
  /** Its role in this tenant, as in `caller`. */
  role: string;
  emailVerified: boolean;
  /** Milliseconds since 1970. */
  joinedAtMs: number;
}
/** One person, or undefined if the id is of nobody in this tenant. */
export function get(id: string): Person | undefined;
/** Those of the people that are in this tenant; at most 100 ids. */
export function getMany(ids: string[]): Person[];
/** People by the time they joined, newest first; at most 200 a page. `total` counts all that match. */
export function list(options?: { role?: string; offset?: number; limit?: number }): { people: Person[]; total: number };
