/**
 * Says something to everybody on a channel of this plugin, such as `chat/01J…`, once the request has committed. Where the
 * channel keeps a history, the message is told to those who come back, too. `payload` becomes JSON of at most 32 KiB; a
 * request says at most 256 messages.
 */
export function push(channel: string, event: string, payload: unknown): void;
/** As `push`, for what means nothing a moment later, such as that somebody is typing: no history keeps it. */
export function pushPassing(channel: string, event: string, payload: unknown): void;
/** Lets an account listen to a channel no longer, once the request has committed. */
export function evict(channel: string, account: string): void;
