/** What later steps of a CI job may want of a result, as names and values. */
import type { OpenBatch, PreviewBatch, PreviewResult, RunResult, StatusResult } from '../run/results.js';
import { invoicesOf } from './words.js';

/** Outputs of preview, run, confirm, invoice, send and status; other results have none. */
export function githubOutputs(result: object): [name: string, value: string][] {
  if (!('head' in result) || !('batches' in result || 'open' in result)) return [];
  const told = result as PreviewResult | RunResult | StatusResult;
  const open: readonly (OpenBatch | PreviewBatch)[] = 'batches' in told ? told.batches : told.open;
  const parked = 'parked' in told ? told.parked.length
    : told.batches.reduce((sum, batch) => sum + batch.invoices.filter((invoice) => invoice.parked !== null).length, 0);
  const confirmed = 'confirmed' in told ? told.confirmed.reduce((sum, batch) => sum + invoicesOf(batch.totals), 0) : 0;
  return [
    ['serial', String(told.head.serial)],
    ['head_sha256', told.head.sha256 ?? ''],
    ['batch', open[0]?.batch_id ?? ''],
    ['digest', open[0]?.digest ?? ''],
    ['open', String(open.length)],
    ['parked', String(parked)],
    ['confirmed', String(confirmed)],
    ['files', 'files' in told ? told.files.join('\n') : ''],
  ];
}
