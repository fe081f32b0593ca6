/**
 * `duebook forget`: the key of a customer is removed, and with it all that tells who the customer was; amounts, numbers and hashes stay
 * as they are. First the event, then the key, then what is made for people: after a crash the same command finishes the work.
 */
import { join } from 'node:path';
import { Engine, literal } from '../engine/engine.js';
import { attachLedger } from '../ledger/attach.js';
import type { Ledger } from '../ledger/ledger.js';
import { DuebookError, fail, problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { filesIn, removeFile } from '../world/output-files.js';
import type { KeyFolder } from '../world/key-folder.js';
import { append } from './append.js';
import { headResult, keysOf, ledgerOf, openContext, tell } from './context.js';
import type { Context } from './context.js';
import { engineOptions, openEngine } from './draft.js';
import { exportEvents, outcomeUnknown, stageEvents } from './events.js';
import type { NewEvent } from './events.js';
import { withLedger } from './exclusive.js';
import { publish, writeProcessed } from './finish.js';
import { keptCustomers } from './retention.js';
import type { KeptCustomer } from './retention.js';
import { SCHEMA_VERSION } from './results.js';
import type { ForgetResult, RetentionResult } from './results-privacy.js';
import type { CommonOptions, World } from './world.js';

export interface ForgetOptions extends CommonOptions {
  readonly customer: string;
  /** Kept for ever: it must not say who the customer was. */
  readonly reason?: string;
  readonly dry_run: boolean;
}

/**
 * Forgets a customer. Throws FORGET_REFUSED with all that stands against it, UNKNOWN_CUSTOMER, PRIVACY_KEY, USAGE, LEDGER_LOCKED,
 * LEDGER_MOVED, AS_OF.
 */
export async function forget(world: World, options: ForgetOptions): Promise<ForgetResult> {
  const context = await openContext(world, options);
  const reason = (options.reason ?? '').replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  if (reason === '') {
    fail('USAGE', 'forget needs --reason TEXT', { hint: 'say why without saying who: `--reason "Request of 2036-02-01"`' });
  }
  const keys = keysOf(context) ?? fail('FORGET_REFUSED', 'nothing is encrypted in this project, so nobody can be forgotten', {
    hint: 'docs/privacy.md: `privacy: { keys: ${DUEBOOK_PRIVACY_KEYS} }` encrypts what is committed from then on',
  });
  if (options.dry_run) return forgetWith(context, options, reason, keys, await ledgerOf(context));
  return withLedger(context, 'forget', (ledger) => forgetWith(context, options, reason, keys, ledger));
}

async function forgetWith(
  context: Context, options: ForgetOptions, reason: string, keys: KeyFolder, ledger: Ledger,
): Promise<ForgetResult> {
  const { customer, dry_run } = options;
  let after = ledger;
  let messages: readonly OpenMessage[] = [];
  let found: KeptCustomer;
  let names: Names;
  const engine = await openEngine(context, ledger);
  try {
    await attachLedger(engine, ledger);
    found = await allowed(context, engine, customer);
    names = await namesOf(engine, customer);
    messages = found.forgotten ? [] : await openMessages(engine, customer);
    if (!dry_run && !found.forgotten) after = await commitForgotten(context, engine, ledger, customer, reason, messages);
  } finally {
    await engine.close();
  }
  const key_removed = dry_run ? keys.has(customer) : keys.remove(customer);
  const { files, removed } = dry_run ? { files: [], removed: [] } : await cleanUp(context, await ledgerOf(context), customer, names);
  return {
    schema_version: SCHEMA_VERSION, as_of: tell(context.config, context.as_of), head: headResult(after), dry_run, customer_id: customer,
    reason, invoices: found.invoices, keep_until: found.keep_until, committed: !found.forgotten, key_removed,
    messages_cancelled: messages.length, files, removed, diagnostics: context.warnings,
  };
}

/** Throws all that stands against it at once. */
async function allowed(context: Context, engine: Engine, customer: string): Promise<KeptCustomer> {
  const { config } = context;
  const [found] = await keptCustomers(engine, config, customer);
  if (found === undefined) {
    return fail('UNKNOWN_CUSTOMER', `the ledger has no invoice of a customer ${customer}`, {
      hint: 'see `duebook retention`; a customer without invoices is only in the configuration',
    });
  }
  const against: Diagnostic[] = [];
  const refuse = (message: string, hint: string, at?: Diagnostic['at']): void => {
    against.push(problem('FORGET_REFUSED', message, { hint, ...(at === undefined ? {} : { at }) }));
  };
  if (found.configured) {
    refuse(`customer ${customer} is still in the configuration`, 'remove the customer first, with its agreements and overrides',
      config.place(['customers', customer]));
  }
  const today = tell(config, context.as_of).slice(0, 10);
  if (!found.forgotten && today <= found.keep_until) {
    refuse(`the invoices of customer ${customer} have to be kept until ${found.keep_until}`,
      `the newest is of ${found.last_issued_on}; \`retention.invoices\` says ${config.retention.invoices} years from the end of its year`);
  }
  if (found.open_parties > 0) {
    refuse(`the ledger has data of customer ${customer} in the open, from before \`privacy.keys\` was set; it would stay there`,
      'commits are never rewritten; keep who may read the ledger in bounds, and remove it as a whole when its time is over');
  }
  if (against.length > 0) throw new DuebookError(against);
  return found;
}

interface OpenMessage { readonly message_id: string; readonly status: string; readonly attempts: bigint }

/** Messages about which something could still happen. */
async function openMessages(engine: Engine, customer: string): Promise<OpenMessage[]> {
  return engine.rows<OpenMessage>(`
    SELECT m.message_id, m.status, m.attempts FROM ledger.message_status AS m JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id
    WHERE i.customer_id = ${literal(customer)} AND m.status NOT IN ('sent', 'cancelled') ORDER BY m.message_id`);
}

/** What a run was sending when it died may have arrived: the ledger says so before nobody can be asked any more. */
function cancelled({ message_id, status, attempts }: OpenMessage): NewEvent[] {
  const event: NewEvent = { subject: 'message', subject_id: message_id, event: 'cancelled', detail: { reason: 'customer forgotten' } };
  return status === 'sending' ? [outcomeUnknown(message_id, Number(attempts)), event] : [event];
}

async function commitForgotten(
  context: Context, engine: Engine, ledger: Ledger, customer: string, reason: string, messages: readonly OpenMessage[],
): Promise<Ledger> {
  await stageEvents(engine, context.as_of, [
    { subject: 'customer', subject_id: customer, event: 'forgotten', detail: { reason } },
    ...messages.flatMap(cancelled),
  ]);
  return append(context, engine, ledger, {
    at: context.as_of, action: 'forget', files: [await exportEvents(engine)],
  });
}

interface Names { readonly messages: readonly string[] }

async function namesOf(engine: Engine, customer: string): Promise<Names> {
  const rows = await engine.rows<{ message_id: string }>(`SELECT m.message_id FROM ledger.messages AS m
    JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id WHERE i.customer_id = ${literal(customer)} ORDER BY m.message_id`);
  return { messages: rows.map(({ message_id }) => message_id) };
}

/** Makes the history and the customer's pages again without the key, and removes mails that were written as files. */
async function cleanUp(context: Context, ledger: Ledger, customer: string, names: Names): Promise<{ files: string[]; removed: string[] }> {
  const { config } = context;
  await publish(context, ledger);
  const engine = await openEngine(context, ledger);
  try {
    await attachLedger(engine, ledger);
    const files = await writeProcessed(context, engine, ledger,
      `SELECT f.batch_id FROM ledger.invoices AS f WHERE f.customer_id = ${literal(customer)}`);
    const mails = new Set(names.messages.map((id) => `${id.replace(/[^\w.-]/g, '_')}.eml`));
    const removed: string[] = [];
    for (const name of await filesIn(join(config.root, config.output, 'mail'))) {
      if (!mails.has(name)) continue;
      await removeFile(join(config.root, config.output, 'mail', name));
      removed.push(`${config.output}/mail/${name}`);
    }
    return { files, removed };
  } finally {
    await engine.close();
  }
}

/** `duebook retention`: who may be forgotten as of the as-of, and who not yet. Reads only. */
export async function retention(world: World, options: CommonOptions): Promise<RetentionResult> {
  const context = await openContext(world, options);
  const { config } = context;
  const engine = await Engine.open(engineOptions(context));
  try {
    await attachLedger(engine, await ledgerOf(context));
    const today = tell(config, context.as_of).slice(0, 10);
    const kept = await keptCustomers(engine, config);
    const newest = kept.map(({ last_issued_on }) => last_issued_on).sort().at(-1);
    return {
      schema_version: SCHEMA_VERSION, as_of: tell(config, context.as_of), years: config.retention, keys: config.privacy !== null,
      books_until: newest === undefined ? null : `${Number(newest.slice(0, 4)) + config.retention.books}-12-31`,
      customers: kept.map(({ customer_id, invoices, last_issued_on, keep_until, ...more }) => ({
        customer_id, invoices, last_issued_on, keep_until,
        state: more.forgotten ? 'forgotten' : today <= keep_until ? 'kept' : more.configured ? 'configured'
          : more.open_parties > 0 ? 'in_the_open' : 'may_be_forgotten',
      })),
    };
  } finally {
    await engine.close();
  }
}
