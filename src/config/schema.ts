/** The JSON Schema of the written configuration, for editors; made from the same definition as the validator and the types. */
import { configShape } from './shape.js';

const ID = 'https://duebook.dev/schemas/billing.config.schema.json';

/** JSON Schema 2020-12 of `billing.config.yaml`. Included files hold some of its keys. */
export function configSchema(): Record<string, unknown> {
  const plain = JSON.parse(JSON.stringify(configShape)) as Record<string, unknown>;
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: ID, title: 'duebook configuration', ...plain };
}

/** The text of `schemas/billing.config.schema.json`. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}
