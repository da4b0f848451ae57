/** What was kept, or undefined: a cache may forget anything at any time. */
export function get<T = unknown>(key: string): T | undefined;
/** Keeps at most 256 KiB for `ttlMs` (at most a day). */
export function set(key: string, value: unknown, ttlMs: number): void;
export function remove(key: string): void;
/** As `get` and `set`, for what is no JSON. */
export function getBytes(key: string): Uint8Array | undefined;
export function setBytes(key: string, value: Uint8Array, ttlMs: number): void;
