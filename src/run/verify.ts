/** `duebook verify`: proves the ledger. */
import { access } from 'node:fs/promises';
import { Engine } from '../engine/engine.js';
import { verifyLedger } from '../ledger/verify.js';
import { headResult, historyPath, ledgerOf, openContext } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { VerifyResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Every check of the ledger, and of the history where there is one. Findings are in the result. */
export async function verify(world: World, options: CommonOptions): Promise<VerifyResult> {
  const context = await openContext(world, options);
  const ledger = await ledgerOf(context);
  const path = historyPath(context.config);
  const there = await access(path).then(() => true, () => false);
  const engine = await Engine.open({
    ...(options.memory_limit === undefined ? {} : { memory_limit: options.memory_limit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const progress = world.log.progress('verify');
  try {
    const { checks, diagnostics } = await verifyLedger(engine, ledger, there ? path : null);
    return { schema_version: SCHEMA_VERSION, head: headResult(ledger), ok: checks.every(({ ok }) => ok), checks, diagnostics };
  } finally {
    progress.end();
    await engine.close();
  }
}
