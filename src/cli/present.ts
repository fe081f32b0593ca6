/** Shows a result: text or JSON on stdout, findings on stderr, and what GitHub Actions wants to know. */
import { diagnosticsText, rowsGathered } from '../report/diagnostics.js';
import { jsonChunks } from '../report/json.js';
import type { ParkedCustomer } from '../run/results.js';
import { warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { tellGithub } from './github.js';
import { styleOf } from './io.js';
import type { Call } from './command.js';

/** Writes it all; the caller decides the exit code. `name` is that of the schema. */
export async function present(call: Call, name: string, result: object, exit: number): Promise<number> {
  const { io } = call;
  const own = 'diagnostics' in result ? (result as { diagnostics: readonly Diagnostic[] }).diagnostics : [];
  const found = [...own, ...parkedFindings(name, result)];
  if (call.json) {
    const { SCHEMAS } = await import('../report/schemas.js');
    for (const chunk of jsonChunks(result, SCHEMAS[name])) await io.stdout.write(chunk);
  } else {
    const { resultText } = await import('../report/text.js');
    await io.stdout.write(resultText(name, result, styleOf(io, io.stdout, call.no_color)));
  }
  // Rows that are set aside are told at every run: one by one only to who looks.
  const told = name === 'preview' || call.json ? found : rowsGathered(found);
  await io.stderr.write(diagnosticsText(told, styleOf(io, io.stderr, call.no_color)));
  await tellGithub(call, name, result, found);
  return exit;
}

/** Parked customers as findings, where a run left them behind: the log and the annotations name them, the JSON has its own list. */
function parkedFindings(name: string, result: object): Diagnostic[] {
  if (!['run', 'confirm', 'invoice'].includes(name) || !('parked' in result)) return [];
  return (result as { parked: readonly ParkedCustomer[] }).parked.map((each) => warning('PARKED_LIMIT',
    `${each.customer_id} is parked in batch ${each.batch_id} with ${each.total} ${each.currency}: ${each.reason}`,
    { hint: 'look at the invoice; if it is right, let it go with an override (`release: true` and a reason), or raise its limits' }));
}
