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

/** Puts the host behind `Date`, `Math.random` and `console`. */
export function install() {
  globalThis.Date = HostDate;
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
