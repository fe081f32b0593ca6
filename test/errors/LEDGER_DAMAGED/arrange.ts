import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Somebody makes an invoice smaller. */
export async function arrange(dir: string): Promise<void> {
  const file = join(dir, 'data', 'ledger', 'commits', '00000002.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"totals":\{"EUR":"[0-9.]+"\}/, '"totals":{"EUR":"1.00"}'));
}
