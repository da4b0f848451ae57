// Copies that may vanish at any time. Needs the capability "cache".
import * as wire from 'stoa:cache/cache@0.1.0';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const getBytes = (key) => wire.get(key);
export const setBytes = (key, value, ttlMs) => wire.set(key, value, BigInt(ttlMs));
export const get = (key) => {
  const value = getBytes(key);
  return value === undefined ? undefined : JSON.parse(decoder.decode(value));
};
export const set = (key, value, ttlMs) => setBytes(key, encoder.encode(JSON.stringify(value)), ttlMs);
export const remove = (key) => wire.remove(key);
