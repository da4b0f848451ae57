/** An account of the tenant, by its id, or an address such as a customer without an account gave. */
export type Recipient = { account: string } | { address: string };
/**
 * Sends a letter if and only if the request commits. `subject` is one line of at most 200 bytes, `text` plain text of at most
 * 30 KiB. Throws a `Problem`: 422 for an account that is not of this tenant, no address, too long a text, or too many letters.
 */
export function send(to: Recipient, subject: string, text: string): void;
