import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** After it was billed, the export ends behind the names of its columns. */
export async function arrange(dir: string): Promise<void> {
  const file = join(dir, 'data', 'april.csv');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/\n[^]*/, '\n'));
}
