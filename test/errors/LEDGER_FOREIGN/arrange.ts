import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The configuration of another firm, over the ledger of this one, with something to bill. */
export async function arrange(dir: string): Promise<void> {
  const file = join(dir, 'billing.config.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('id: northwind', 'id: southwind'));
  await writeFile(join(dir, 'data', 'may.csv'), 'Job No,Customer,Service,Start,Finish,Hours\nJ-3,acme,inspection,2026-05-05T08:00,2026-05-05T10:00,2\n');
}
