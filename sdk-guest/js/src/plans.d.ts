export interface Plan {
  /** Such as `free` or `team`. */
  id: string;
  name: string;
  /** What each limit allows, by its name, such as `members`; undefined for no bound. */
  limits: Record<string, number | undefined>;
}
/** All plans, the smallest first. */
export function list(): Plan[];
/** The tenant's plan. Throws a `Problem`: 503 when nobody can say. */
export function current(): Plan;
/** Puts the tenant on a plan once the request has committed. Throws a `Problem`: 404 for no such plan. */
export function change(id: string): void;
