export interface Answer {
  status: number;
  headers: Record<string, string>;
  bytes: Uint8Array;
  text(): string;
  json<T = any>(): T;
}
export class OutboundError extends Error {
  kind: 'denied' | 'invalid' | 'unreachable' | 'unknown' | 'limit';
}
/** Sends to a service of the manifest's `[outbound]` and waits. Throws an `OutboundError` where there is no answer. */
export function send(
  service: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options?: {
    headers?: Record<string, string>;
    json?: unknown;
    /** Sent as `application/x-www-form-urlencoded`. */
    form?: Record<string, string>;
    body?: string | Uint8Array;
    purpose?: string;
  },
): Answer;
