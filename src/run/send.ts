/** `duebook send`: works through the outbox now, messages that wait for a human (`auto_send: false`) included. */
import { attachLedger } from '../ledger/attach.js';
import { openContext, headResult, tell } from './context.js';
import { openEngine } from './draft.js';
import { withLedger } from './exclusive.js';
import { mailDiagnostics, publish } from './finish.js';
import { Outbox } from './outbox.js';
import { SCHEMA_VERSION } from './results.js';
import type { RunResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Sends what is queued; with `retry_uncertain` also what failed for good or has no known outcome. */
export async function send(world: World, options: CommonOptions & { readonly retry_uncertain: boolean }): Promise<RunResult> {
  const context = await openContext(world, options);
  return withLedger(context, 'send', async (ledger) => {
    const engine = await openEngine(context, ledger);
    await attachLedger(engine, ledger);
    const outbox = new Outbox(context, engine, ledger);
    try {
      await outbox.recover();
      if (options.retry_uncertain) await outbox.retryAll(context.as_of);
      await outbox.sendQueued(context.as_of);
      if (!options.retry_uncertain) await outbox.retryFailed(context.as_of);
      await publish(context, outbox.ledger);
      const messages = outbox.tally();
      return {
        schema_version: SCHEMA_VERSION, command: 'send', as_of: tell(context.config, context.as_of), head: headResult(outbox.ledger),
        confirmed: [], messages, parked: [], open: [], completeness: null, conservation: null, files: [],
        diagnostics: [...context.warnings, ...mailDiagnostics(messages)],
      };
    } finally {
      await outbox.close();
      await engine.close();
    }
  });
}
