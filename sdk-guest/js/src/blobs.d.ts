/** What is known of a blob. Its bytes never change. */
export interface Info {
  id: string;
  /** As its uploader called it; a plain file name. */
  name: string;
  /** What the bytes are, found out by the host: such as `image/png`. */
  contentType: string;
  sizeBytes: number;
  /** SHA-256 in hex. */
  digest: string;
  /** The account that uploaded it; absent if a plugin made it. */
  owner?: string;
  /** Milliseconds since 1970. */
  createdAtMs: number;
  /** The path on this host under which anybody sees it, for ever; of pictures that were uploaded as public alone. */
  publicPath?: string;
}
/** What is known of a blob, or undefined if no blob of this tenant has this id. All functions throw a `Problem`. */
export function stat(id: string): Info | undefined;
/** Up to 1 MiB of a blob's bytes from an offset; fewer at its end. */
export function read(id: string, offset?: number, length?: number): Uint8Array;
/** Keeps up to 1 MiB as a new blob, in the request's unit of work. */
export function write(name: string, content: string | Uint8Array): Info;
/** Removes a blob, in the request's unit of work; false if there was none. */
export function remove(id: string): boolean;
/** A path on this host from which anybody may fetch the blob for so many seconds (at most 7 days), as a download. */
export function link(id: string, seconds: number): string;
/** The id in a text such as `blob:01J…`, which names a blob where else an address may stand; undefined in any other text. */
export function named(text: string): string | undefined;
