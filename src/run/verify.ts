/** `duebook verify`: proves the ledger. */
import { access } from 'node:fs/promises';
import { Engine } from '../engine/engine.js';
import { verifyLedger } from '../ledger/verify.js';
import { DuebookError } from '../values/diagnostic.js';
import { headResult, historyPath, ledgerOf, openContext } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { VerifyResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Every check of the ledger, and of the history where there is one. Findings are in the result, not thrown. */
export async function verify(world: World, options: CommonOptions): Promise<VerifyResult> {
  const context = await openContext(world, options);
  const ledger = await ledgerOf(context).catch(damageOf);
  if ('diagnostics' in ledger) {
    const checks = [{ name: 'head', ok: false, detail: 'the newest commit is not what HEAD.json says it is; nothing else can be proved' }];
    return { schema_version: SCHEMA_VERSION, head: { serial: 0, sha256: null }, ok: false, checks, diagnostics: ledger.diagnostics };
  }
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

/** A damaged head is a finding like others; a ledger out of reach or of a newer version is not. */
function damageOf(error: unknown): DuebookError {
  if (error instanceof DuebookError && error.diagnostics.every(({ code }) => code === 'LEDGER_DAMAGED')) return error;
  throw error;
}
