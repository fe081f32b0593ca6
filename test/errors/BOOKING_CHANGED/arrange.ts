import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** After it was billed, the export says three hours instead of two. */
export async function arrange(dir: string): Promise<void> {
  const file = join(dir, 'data', 'april.csv');
  await writeFile(file, (await readFile(file, 'utf8')).replace('T10:00,2\n', 'T10:00,3\n'));
}
