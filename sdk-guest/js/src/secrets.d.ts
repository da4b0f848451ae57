/** HMAC-SHA256 of the message under the newest value of the secret. Throws a `Problem`: 503 when the operator has not set it. */
export function sign(name: string, message: string | Uint8Array): Uint8Array;
/** Whether `signature` is the HMAC-SHA256 of the message under one of the secret's values, in a time that tells nothing. */
export function verifies(name: string, message: string | Uint8Array, signature: Uint8Array): boolean;
/** Whether two texts of bytes are the same, in a time that tells nothing of where they differ. */
export function same(a: string | Uint8Array, b: string | Uint8Array): boolean;
