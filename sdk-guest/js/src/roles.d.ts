/**
 * Gives a person of this tenant the role `vendor`, or `user` again, once the request has committed. Throws a `Problem`: 404 for
 * nobody of this tenant, 422 for whoever has another role.
 */
export function setSelling(account: string, selling: boolean): void;
