import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';

import { FORMATS } from '../../src/config/formats.js';
import { configSchema, configSchemaText } from '../../src/config/schema.js';
import { expectFile } from './expectation.js';

type Node = { [key: string]: unknown };

function* nodes(node: unknown): Generator<Node> {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) yield node as Node;
  for (const each of Object.values(node)) yield* nodes(each);
}

describe('the JSON Schema', () => {
  test('in schemas/ is the one of the code', () => {
    expectFile('../schemas/billing.config.schema.json', configSchemaText());
  });

  test('describes every key, and lets none pass unknown', () => {
    for (const node of nodes(configSchema())) {
      if (node['type'] === 'object') expect(node['additionalProperties'], JSON.stringify(node).slice(0, 200)).toBeDefined();
      const properties = node['properties'] as Record<string, Node> | undefined;
      for (const [key, value] of Object.entries(typeof properties?.['type'] === 'string' ? {} : properties ?? {})) {
        const definition = typeof value['$ref'] === 'string' ? definitionOf(value['$ref']) : value;
        expect(typeof definition['description'], key).toBe('string');
      }
    }
  });

  test('is strict JSON Schema 2020-12 with nothing but our formats', () => {
    const ajv = new Ajv2020({ strict: true });
    for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format.test);
    expect(ajv.validateSchema(configSchema())).toBe(true);
    ajv.compile(configSchema());
  });

  test('has no pattern that takes long on hostile text', () => {
    const hostile = ['a'.repeat(50_000), 'a '.repeat(25_000), `${'a.'.repeat(25_000)}@`, `${'a@'.repeat(20_000)}`, '1'.repeat(50_000),
      ' '.repeat(50_000), '\u00e9'.repeat(20_000),
      `${'a-'.repeat(25_000)}!`, `a@${'b.'.repeat(20_000)}`, `<${'<'.repeat(20_000)}`, `${' x'.repeat(20_000)}<`];
    for (const [name, { test: check }] of Object.entries(FORMATS)) {
      for (const text of hostile) {
        const start = performance.now();
        check(text);
        expect(performance.now() - start, `${name} on ${text.slice(0, 5)}`).toBeLessThan(250);
      }
    }
  });
});

function definitionOf(reference: string): Node {
  return (configSchema()['$defs'] as Record<string, Node>)[reference.slice('#/$defs/'.length)]!;
}
