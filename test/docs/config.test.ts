/** The tables of docs/config.md are made from the JSON Schema of the configuration. */
import { expect, test } from 'vitest';

import { FORMATS } from '../../src/config/formats.js';
import { configSchema } from '../../src/config/schema.js';
import { readPage, settle, table, withPart } from './markdown.js';

const PAGE = 'docs/config.md';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Shorter words where the exact rule would fill the table; `validate` tells it. */
const SHORT: Readonly<Record<string, string>> = {
  'name-id': 'an id', 'customer-id': 'an id', 'product-id': 'an id', 'line': 'text', 'project-path': 'a path in the project',
  'decimal': 'a decimal like "95.00"', 'unsigned-decimal': 'a decimal like "50000.00"', 'percent': 'a decimal from "0" to "100"',
};

const root = configSchema() as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> };

function follow(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : root.$defs[schema.$ref.slice('#/$defs/'.length)]!;
}

/** What may stand there, in words. */
function kind(written: Schema): string {
  const schema = follow(written);
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map((each) => kind(each)))].join(', or ');
  if (schema.type === 'null') return '`null`';
  if (schema.type === 'boolean') return '`true` or `false`';
  if (schema.type === 'integer') return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'array') return `a list: ${kind(schema.items!)}`;
  if (typeof schema.additionalProperties === 'object') return `by id: ${kind(schema.additionalProperties)}`;
  if (schema.properties !== undefined) return 'keys, see below';
  return schema.format === undefined ? 'text' : (SHORT[schema.format] ?? FORMATS[schema.format]!.expected);
}

/** The objects with keys of their own inside of a value. */
function objectsIn(written: Schema): { schema: Schema; ref: string | null; suffix: string }[] {
  const schema = follow(written);
  const ref = written.$ref ?? null;
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((each) => objectsIn(each));
  if (schema.type === 'array') return objectsIn(schema.items!).map((each) => ({ ...each, suffix: `[]${each.suffix}` }));
  if (typeof schema.additionalProperties === 'object') return objectsIn(schema.additionalProperties).map((each) => ({ ...each, suffix: `.<id>${each.suffix}` }));
  return schema.properties === undefined ? [] : [{ schema, ref, suffix: '' }];
}

const seen = new Map<string, string>();

function section(name: string, schema: Schema): string[] {
  const rows = Object.entries(schema.properties!).map(([key, value]) => {
    const shown = follow(value);
    return [`\`${key}\``, schema.required?.includes(key) === true ? 'yes' : '', kind(value), shown.description ?? ''];
  });
  const parts = [`### ${name}`, schema.description ?? '', table(['key', 'needed', 'value', 'what it is'], rows)];
  for (const [key, value] of Object.entries(schema.properties!)) {
    for (const { schema: inner, ref, suffix } of objectsIn(value)) {
      const path = name === 'Top level' ? `${key}${suffix}` : `${name.replaceAll('`', '')}.${key}${suffix}`;
      const known = ref === null ? undefined : seen.get(ref);
      if (known !== undefined) continue;
      if (ref !== null) seen.set(ref, path);
      parts.push(...section(`\`${path}\``, inner));
    }
  }
  return parts;
}

test('the tables of keys are those of the schema', () => {
  const { actual, expected } = settle(PAGE, withPart(readPage(PAGE), 'keys', section('Top level', root).join('\n\n')));
  expect(actual).toBe(expected);
});
