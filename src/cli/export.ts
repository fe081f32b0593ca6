/** `duebook export`: which of the two kinds of files is asked for. */
import { fail } from '../values/diagnostic.js';
import type { Call } from './command.js';
import { optional, valueOf } from './command.js';
import { present } from './present.js';

export async function exportCommand(call: Call): Promise<number> {
  const to = valueOf(call, 'to');
  if (to === undefined) return fail('USAGE', 'export needs --to DIR', { hint: 'like `duebook export --to export`' });
  const format = valueOf(call, 'format');
  const { exportHistory, exportJournal } = await import('../run/export.js');
  if (call.given.has('journal') || format === 'hledger' || format === 'beancount') {
    const given = <K extends string>(name: K): Partial<Record<K, string>> => optional(name, valueOf(call, name));
    const span = { ...given('since'), ...given('from'), ...given('before') };
    const known = format === 'hledger' || format === 'beancount' || format === 'parquet' ? format : 'csv';
    return present(call, 'export', await exportJournal(call.world, { ...call.common, to, format: known, ...span }), 0);
  }
  const idle = ['since', 'from', 'before'].find((name) => call.given.has(name));
  if (idle !== undefined) fail('USAGE', `--${idle} is about the journal`, { hint: 'add --journal' });
  return present(call, 'export', await exportHistory(call.world, { ...call.common, to, format: format === 'csv' ? 'csv' : 'parquet' }), 0);
}
