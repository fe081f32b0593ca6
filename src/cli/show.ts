/** `duebook show`: one invoice on the terminal, as JSON, or as a document. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { InvoiceRecord } from '../documents/types.js';
import { explanationText } from '../report/explain.js';
import { invoiceText } from '../report/invoice.js';
import { jsonText } from '../report/json.js';
import type { Explanation } from '../run/explain-types.js';
import { SCHEMA_VERSION } from '../run/results.js';
import { fail } from '../values/diagnostic.js';
import { valueOf } from './command.js';
import type { Call } from './command.js';
import { styleOf } from './io.js';

const DOCUMENTS = ['html', 'pdf', 'xml'] as const;

/** Gives the exit code. */
export async function showCommand(call: Call): Promise<number> {
  const { io } = call;
  const asked = [...DOCUMENTS.filter((format) => call.given.has(format)), ...(call.json ? ['json' as const] : [])];
  if (asked.length > 1) {
    return fail('USAGE', `${asked.map((each) => `--${each}`).join(' and ')} exclude each other`, { hint: 'give one of them' });
  }
  const format = asked[0] ?? 'text';
  const explain = call.given.has('explain');
  if (explain && format !== 'text' && format !== 'json') {
    return fail('USAGE', `--explain and --${format} exclude each other`, { hint: 'an explanation is text, or JSON with --json' });
  }
  const out = valueOf(call, 'out');
  if (format === 'pdf' && out === undefined && io.stdout.terminal) {
    return fail('USAGE', 'a PDF cannot be shown on a terminal', { hint: 'write it to a file: --out invoice.pdf' });
  }
  const { show } = await import('../run/show.js');
  const { record, explanation, bytes } = await show(call.world, { ...call.common, id: call.args[0]!, format, explain });
  const style = out === undefined ? styleOf(io, io.stdout, call.no_color) : { color: false, columns: null };
  const words = (): string => invoiceText(record, style) + (explanation === null ? '' : explanationText(record, explanation, style));
  const told = bytes ?? (format === 'json' ? await recordJson(record, explanation) : words());
  if (out === undefined) await io.stdout.write(told);
  else await writeOut(call, out, told);
  const advice = format === 'xml' ? (await import('../documents/ubl-claims.js')).claimAdvice(record) : null;
  if (advice !== null) await io.stderr.write(`${record.number ?? record.invoice_id}: ${advice} (docs/e-invoices.md)\n`);
  return 0;
}

async function recordJson(record: InvoiceRecord, explanation: Explanation | null): Promise<string> {
  const { SCHEMAS } = await import('../report/schemas.js');
  return jsonText({ schema_version: SCHEMA_VERSION, ...record, ...(explanation === null ? {} : { explanation }) }, SCHEMAS['show']);
}

/** Writes a file that was asked for with --out. Throws USAGE when that cannot be. */
export async function writeOut(call: Call, out: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(resolve(call.io.cwd, out), content);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no';
    fail('USAGE', `${out} cannot be written: the system says ${reason}`, { hint: 'name another file after --out' });
  }
}
