import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** The line is written after its batch was confirmed. */
export async function arrange(dir: string): Promise<undefined> {
  appendFileSync(join(dir, 'billing.config.yaml'), `overrides:
  - customer: acme
    batch: 2026-05-01
    lines: [{ description: Key deposit, unit_price: "50.00", tax: standard }]
`);
}
