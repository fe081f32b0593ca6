/** A key that was cut short. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function arrange(dir: string): Promise<undefined> {
  await writeFile(join(dir, 'keys/acme.key'), 'c0ffee\n');
}
