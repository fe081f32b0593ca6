/** The JSON Schema of the written configuration, for editors; made from the same definition as the validator and the types. */
import { configShape } from './shape.js';
import { NAME } from './shape-words.js';

const ID = 'https://duebook.dev/schemas/billing.config.schema.json';

/** JSON Schema 2020-12 of `billing.config.yaml`. Included files hold some of its keys. */
export function configSchema(): Record<string, unknown> {
  const definitions = new Map<string, unknown>();
  const top = plain(configShape, definitions) as Record<string, unknown>;
  const sorted = Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: ID, title: 'duebook configuration', ...top, $defs: sorted };
}

/** A copy without TypeBox's symbols, in which named shapes are references. */
function plain(shape: unknown, definitions: Map<string, unknown>): unknown {
  if (Array.isArray(shape)) return shape.map((each) => plain(each, definitions));
  if (shape === null || typeof shape !== 'object') return shape;
  const name = (shape as { [NAME]?: string })[NAME];
  if (name !== undefined && definitions.has(name)) return { $ref: `#/$defs/${name}` };
  if (name !== undefined) definitions.set(name, null); // keeps the place: no shape holds itself
  const copy = Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, plain(value, definitions)]));
  if (name === undefined) return copy;
  definitions.set(name, copy);
  return { $ref: `#/$defs/${name}` };
}

/** The text of `schemas/billing.config.schema.json`. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}
