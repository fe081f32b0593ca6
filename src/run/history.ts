/** `duebook history rebuild`: the analysts' file made anew. */
import { stat } from 'node:fs/promises';
import { publishHistory } from '../ledger/history.js';
import { headResult, HISTORY_FILE, historyPath, ledgerOf, openContext } from './context.js';
import { engineOptions } from './draft.js';
import { SCHEMA_VERSION } from './results.js';
import type { HistoryResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Makes `history.duckdb` from all of the ledger, whatever is there now. Throws LEDGER_DAMAGED, LEDGER_UNREACHABLE. */
export async function rebuildHistory(world: World, options: CommonOptions): Promise<HistoryResult> {
  const context = await openContext(world, options);
  const ledger = await ledgerOf(context);
  const path = historyPath(context.config);
  const rows = (ledger.head?.segments ?? []).reduce((sum, segment) => sum + segment.rows, 0);
  const progress = world.log.progress('making the history', rows);
  try {
    const tick = (done: number): void => progress.tick(done);
    const { tables } = await publishHistory(ledger, path, { ...engineOptions(context), rebuild: true, tick });
    return { schema_version: SCHEMA_VERSION, file: HISTORY_FILE, head: headResult(ledger), bytes: (await stat(path)).size, tables };
  } finally {
    progress.end();
  }
}
