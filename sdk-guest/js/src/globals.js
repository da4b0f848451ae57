// What programs expect to find everywhere, answered by the host: the same again when a request runs again.
import { nowMs } from 'stoa:clock/clock@0.1.0';
import { bytes } from 'stoa:random/random@0.1.0';
import { write } from 'stoa:log/log@0.1.0';

const NativeDate = Date;
const now = () => Number(nowMs());

// Before the first call, while the component is built, the host is not there yet.
class HostDate extends NativeDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
}

const shown = (value) => {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value}\n${value.stack ?? ''}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
};
const line = (level) => (...values) => write(level, values.map(shown).join(' '));

// The host gives at most so many at a time.
const PIECE_BYTES_MAX = 4096;

/** The engine's own would be the same in every instance: its seed was thrown when the component was built. */
const hostCrypto = {
  getRandomValues(array) {
    const view = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < view.length; at += PIECE_BYTES_MAX) {
      view.set(bytes(Math.min(PIECE_BYTES_MAX, view.length - at)), at);
    }
    return array;
  },
  randomUUID() {
    const b = bytes(16);
    // Version 4 and its variant (RFC 9562 §5.4).
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    const hex = Array.from(b, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  },
  subtle: globalThis.crypto?.subtle,
};

/** Puts the host behind `Date`, `Math.random`, `crypto` and `console`. */
export function install() {
  globalThis.Date = HostDate;
  Object.defineProperty(globalThis, 'crypto', { value: hostCrypto, configurable: true, writable: true });
  Math.random = () => {
    // 53 bits, as many as a number holds exactly.
    const b = bytes(7);
    let high = b[0] & 0x1f;
    for (let i = 1; i < 7; i += 1) high = high * 256 + b[i];
    return high / 2 ** 53;
  };
  globalThis.console = {
    trace: line('trace'), debug: line('debug'), log: line('info'), info: line('info'), warn: line('warn'), error: line('error'),
  };
}
