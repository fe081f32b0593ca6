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

function* pieces(value: unknown, schema: TSchema | undefined, indent: string): Generator<string> {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return yield '[]';
    for (const [i, item] of value.entries()) {
      yield `${i === 0 ? '[' : ','}\n${deeper}`;
      yield* pieces(item ?? null, itemsOf(schema), deeper);
    }
    return yield `\n${indent}]`;
  }
  if (value === null || typeof value !== 'object') return yield typeof value === 'bigint' ? `"${value}"` : JSON.stringify(value);
  const properties = propertiesOf(schema);
  const entries = ordered(value as Record<string, unknown>, properties);
  if (entries.length === 0) return yield '{}';
  for (const [i, [key, member]] of entries.entries()) {
    yield `${i === 0 ? '{' : ','}\n${deeper}${JSON.stringify(key)}: `;
    yield* pieces(member, properties?.[key], deeper);
  }
  return yield `\n${indent}}`;
}

function ordered(value: Record<string, unknown>, properties: Record<string, TSchema> | undefined): [string, unknown][] {
  const known = Object.keys(properties ?? {}).filter((key) => key in value);
  const others = Object.keys(value).filter((key) => properties === undefined || !(key in properties));
  return [...known, ...others].map((key): [string, unknown] => [key, value[key]]).filter(([, member]) => member !== undefined);
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
