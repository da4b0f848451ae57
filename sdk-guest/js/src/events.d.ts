/** Told to subscribers once the request has committed. `payload` is a JSON object of at most 64 KiB. */
export function raise(name: string, key: string, payload: object): void;
/** The same, no earlier than `atMs` (milliseconds since 1970). */
export function raiseAt(name: string, key: string, payload: object, atMs: number): void;
