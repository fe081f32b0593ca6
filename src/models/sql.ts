/** The SQL files of this room, read from beside this module. */
import { readFileSync } from 'node:fs';

/** Text of an SQL file of this room, `sql/invoices.sql` say. */
export function sqlFile(path: string): string {
  return readFileSync(new URL(`./${path}`, import.meta.url), 'utf8');
}
