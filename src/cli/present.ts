/** Shows a result: text or JSON on stdout, findings on stderr, and what GitHub Actions wants to know. */
import { diagnosticsText } from '../report/diagnostics.js';
import { jsonChunks } from '../report/json.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { tellGithub } from './github.js';
import { styleOf } from './io.js';
import type { Call } from './command.js';

/** Writes it all; the caller decides the exit code. `name` is that of the schema. */
export async function present(call: Call, name: string, result: object, exit: number): Promise<number> {
  const { io } = call;
  const found = 'diagnostics' in result ? (result as { diagnostics: readonly Diagnostic[] }).diagnostics : [];
  if (call.json) {
    const { SCHEMAS } = await import('../report/schemas.js');
    for (const chunk of jsonChunks(result, SCHEMAS[name])) await io.stdout.write(chunk);
  } else {
    const { resultText } = await import('../report/text.js');
    await io.stdout.write(resultText(name, result, styleOf(io, io.stdout, call.no_color)));
  }
  await io.stderr.write(diagnosticsText(found, styleOf(io, io.stderr, call.no_color)));
  await tellGithub(call, name, result, found);
  return exit;
}
