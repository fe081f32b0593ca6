/** One way of adding to the ledger, whatever is added: the commit says who made it, by which configuration, and never goes back in time. */
import type { Engine } from '../engine/engine.js';
import { attachLedger } from '../ledger/attach.js';
import { commit } from '../ledger/ledger.js';
import type { CommitInput, Ledger } from '../ledger/ledger.js';
import type { Instant } from '../values/time.js';
import type { Context } from './context.js';
import { requireSealed } from './privacy.js';

/** What is added, and when; invoices bring numbers and totals. */
export interface Addition extends Pick<CommitInput, 'action' | 'files'>, Partial<Pick<CommitInput, 'next_number' | 'invoices' | 'totals'>> {
  readonly at: Instant;
}

/** Commits, and takes what was committed into the engine. Gives the ledger after it. Throws LEDGER_MOVED. */
export async function append(context: Context, engine: Engine, ledger: Ledger, { at, ...more }: Addition): Promise<Ledger> {
  const { config, config_commit, world } = context;
  await requireSealed(context, engine, more.files);
  const after = await commit(ledger, {
    issuer_id: config.issuer.id, as_of: Math.max(at, ledger.as_of ?? at), config_digest: config.digest, config_commit,
    tool_version: world.tool_version, next_number: {}, invoices: 0, totals: {}, ...more,
  }, world.crash);
  await attachLedger(engine, after);
  return after;
}
