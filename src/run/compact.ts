/** `duebook ledger compact`: many small files of the ledger become few. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactLedger } from '../ledger/compact.js';
import { lockLedger } from '../ledger/ledger.js';
import { headResult, ledgerOf, openContext, storeOf } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { LedgerResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Packs segments; the chain stays as it is. Throws LEDGER_LOCKED, LEDGER_DAMAGED, LEDGER_UNREACHABLE. */
export async function compact(world: World, options: CommonOptions): Promise<LedgerResult> {
  const context = await openContext(world, options);
  const lock = await lockLedger(storeOf(context), 'duebook ledger compact');
  const scratch = await mkdtemp(join(tmpdir(), 'duebook-'));
  const progress = world.log.progress('compact');
  try {
    const ledger = await ledgerOf(context);
    return { schema_version: SCHEMA_VERSION, head: headResult(ledger), ...(await compactLedger(ledger, scratch, world.crash)) };
  } finally {
    progress.end();
    await rm(scratch, { recursive: true, force: true });
    await lock.release();
  }
}
