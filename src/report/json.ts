/** Results as JSON: the keys in the order of the schema, written piece by piece so that no result is too large. */
import type { TSchema } from '@sinclair/typebox';

/** Pieces are gathered to about this many characters. */
const CHUNK = 1 << 16;

/** The text of a value, indented by two, in chunks; keys the schema names come first and in its order. Ends with a line feed. */
export function* jsonChunks(value: unknown, schema?: TSchema): Generator<string> {
  let buffer = '';
  for (const piece of pieces(value, schema, '')) {
    buffer += piece;
    if (buffer.length < CHUNK) continue;
    yield buffer;
    buffer = '';
  }
  yield `${buffer}\n`;
}

/** The same in one text, for small values. */
export function jsonText(value: unknown, schema?: TSchema): string {
  return [...jsonChunks(value, schema)].join('');
}

/** So deep the pieces go: a result, its batches, a batch, its invoices. What lies deeper is one piece, but for long lists. */
const DEPTH = 4;
const LONG = 1000;

function* pieces(value: unknown, schema: TSchema | undefined, indent: string): Generator<string> {
  const deeper = `${indent}  `;
  if (Array.isArray(value) && (indent.length < 2 * DEPTH || value.length > LONG)) {
    if (value.length === 0) return yield '[]';
    const items = itemsOf(schema);
    for (const [i, item] of value.entries()) {
      yield `${i === 0 ? '[' : ','}\n${deeper}`;
      yield* pieces(item ?? null, items, deeper);
    }
    return yield `\n${indent}]`;
  }
  const isPlain = value === null || typeof value !== 'object' || Array.isArray(value);
  if (isPlain || indent.length >= 2 * DEPTH) return yield whole(value, schema, indent);
  const properties = propertiesOf(schema);
  let opening = '{';
  for (const key of keysOf(value as Record<string, unknown>, properties)) {
    yield `${opening}\n${deeper}${JSON.stringify(key)}: `;
    yield* pieces((value as Record<string, unknown>)[key], properties?.[key], deeper);
    opening = ',';
  }
  return yield opening === '{' ? '{}' : `\n${indent}}`;
}

/** The text of a value in one piece. */
function whole(value: unknown, schema: TSchema | undefined, indent: string): string {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? `"${value}"` : JSON.stringify(value);
  const deeper = `${indent}  `;
  let text = '';
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const item of value) text += `${text === '' ? '[' : ','}\n${deeper}${whole(item ?? null, items, deeper)}`;
    return text === '' ? '[]' : `${text}\n${indent}]`;
  }
  const properties = propertiesOf(schema);
  for (const key of keysOf(value as Record<string, unknown>, properties)) {
    const member = whole((value as Record<string, unknown>)[key], properties?.[key], deeper);
    text += `${text === '' ? '{' : ','}\n${deeper}${JSON.stringify(key)}: ${member}`;
  }
  return text === '' ? '{}' : `${text}\n${indent}}`;
}

/** Keys that have a value, those of the schema first. */
function keysOf(value: Record<string, unknown>, properties: Record<string, TSchema> | undefined): string[] {
  const own = Object.keys(value).filter((key) => value[key] !== undefined);
  if (properties === undefined) return own;
  const known = Object.keys(properties).filter((key) => value[key] !== undefined && Object.hasOwn(value, key));
  return known.length === own.length ? known : [...known, ...own.filter((key) => !Object.hasOwn(properties, key))];
}

/** A nullable shape is a choice of the shape and null. */
function objectOf(schema: TSchema | undefined): TSchema | undefined {
  const choices = schema?.['anyOf'] as TSchema[] | undefined;
  return choices?.find((each) => each['type'] !== 'null') ?? schema;
}

function propertiesOf(schema: TSchema | undefined): Record<string, TSchema> | undefined {
  return objectOf(schema)?.['properties'] as Record<string, TSchema> | undefined;
}

function itemsOf(schema: TSchema | undefined): TSchema | undefined {
  return objectOf(schema)?.['items'] as TSchema | undefined;
}
