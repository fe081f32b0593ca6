/** The exit code of a result that was reached. What was thrown has its own. */
import { DuebookError } from '../values/diagnostic.js';
import type { PreviewResult, RunResult, StatusResult, VerifyResult } from '../run/results.js';

/** Done, but somebody has to look at something. */
export const UNFINISHED = 3;
/** Only with --detailed-exitcode. */
export const PENDING = 2;
export const INTEGRITY = 7;

/** Of a preview or a status: they only tell, so a parked customer does not count. */
export function previewExit(result: PreviewResult | StatusResult, detailed: boolean): number {
  const open = 'batches' in result ? result.batches : result.open;
  return worst(new DuebookError(result.diagnostics).exitCode, 0, detailed && open.length > 0);
}

/** Of run, confirm and send. */
export function runExit(result: RunResult, detailed: boolean): number {
  const { parked, messages, diagnostics, confirmed, open } = result;
  const unapproved = diagnostics.some(({ code }) => code.startsWith('APPROVAL_'));
  const unfinished = parked.length > 0 || messages.failed > 0 || messages.uncertain > 0 || unapproved;
  const pending = open.length > 0 || confirmed.length > 0 || messages.sent > 0;
  return worst(new DuebookError(diagnostics).exitCode, unfinished ? UNFINISHED : 0, detailed && pending);
}

export function verifyExit(result: VerifyResult): number {
  return result.ok ? 0 : INTEGRITY;
}

function worst(found: number, result: number, pending: boolean): number {
  if (found !== 0) return found;
  if (result !== 0) return result;
  return pending ? PENDING : 0;
}
