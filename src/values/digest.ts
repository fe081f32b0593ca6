/** Hashes and canonical JSON: equal values give equal text and equal hashes on every machine. */
import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * JSON with keys sorted by code unit and no spaces; `undefined` members are left out; bigints become decimal strings. Written directly
 * rather than through a sorted copy: a large configuration is hashed on every run.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map((each: unknown) => (each === undefined ? 'null' : canonicalJson(each))).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) text += `${text.length > 1 ? ',' : ''}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}
