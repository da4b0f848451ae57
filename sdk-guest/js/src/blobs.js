// Files: pictures, downloads, artefacts. Needs the capability "blobs".
import * as wire from 'stoa:blobs/blobs@0.1.0';
import { Problem, asked as calling, refusal, tooMuch, unavailable } from './problem.js';

const encoder = new TextEncoder();

function problem({ tag, val }) {
  switch (tag) {
    case 'not-found': return Problem.notFound('file');
    case 'invalid': return Problem.invalid('file', val);
    case 'limit': return tooMuch(val);
    default: return unavailable(val);
  }
}
const asked = (work) => calling(work, problem);
const info = (found) => ({ ...found, sizeBytes: Number(found.sizeBytes), createdAtMs: Number(found.createdAtMs) });

/** What is known of a blob, or undefined if there is none. */
export function stat(id) {
  return asked(() => {
    try {
      return info(wire.stat(id));
    } catch (error) {
      if (refusal(error)?.tag === 'not-found') return undefined;
      throw error;
    }
  });
}
/** Up to 1 MiB of a blob's bytes from an offset; fewer at its end. */
export const read = (id, offset = 0, length = 1 << 20) => asked(() => wire.read(id, BigInt(offset), length));
/** Keeps up to 1 MiB as a new blob, in the request's unit of work. */
export const write = (name, content) =>
  info(asked(() => wire.write(name, typeof content === 'string' ? encoder.encode(content) : content)));
/** Removes a blob, in the request's unit of work; false if there was none. */
export const remove = (id) => asked(() => wire.remove(id));
/** A path on this host from which anybody may fetch the blob for so many seconds (at most 7 days). */
export const link = (id, seconds) => asked(() => wire.link(id, seconds));
/** The id in a text such as `blob:01J…`, which names a blob where else an address may stand; undefined in any other text. */
export const named = (text) => (text.startsWith('blob:') ? text.slice('blob:'.length) : undefined);
