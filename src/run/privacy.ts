/** Personal data on its way into the ledger: encrypted where the configuration names keys. */
import { fileLiteral } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { seal, SEALED } from '../ledger/sealed.js';
import { DuebookError, fail, problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { keysOf } from './context.js';
import type { Context } from './context.js';

/** Makes what the ledger keeps of a party out of its JSON. */
export type Sealing = (customer_id: string, party: string) => string;

/**
 * How parties of these customers are kept; null: as they are, nothing is encrypted. Keys that are needed first are made when they are
 * asked for. Throws PRIVACY_KEY for customers who were forgotten, or whose key is missing though the ledger has data under it: a new
 * one would leave that unreadable for good. The ledger must be attached.
 */
export async function sealingFor(context: Context, engine: Engine, customers: ReadonlySet<string>): Promise<Sealing | null> {
  const keys = keysOf(context);
  if (keys === null) {
    await refuseOpen(context, engine);
    return null;
  }
  const rows = await engine.rows<{ customer_id: string; forgotten: boolean }>(`
    SELECT p.customer_id, bool_or(e.subject_id IS NOT NULL) AS forgotten FROM ledger_opened.parties AS p
    LEFT JOIN ledger.events AS e ON e.subject = 'customer' AND e.event = 'forgotten' AND e.subject_id = p.customer_id
    WHERE NOT p.readable OR e.subject_id IS NOT NULL GROUP BY p.customer_id ORDER BY p.customer_id`);
  const found = rows.filter(({ customer_id }) => customers.has(customer_id)).map(({ customer_id, forgotten }): Diagnostic => (forgotten
    ? problem('PRIVACY_KEY', `customer ${customer_id} was forgotten and cannot be billed under that id again`, {
      at: context.config.place(['customers', customer_id]), hint: 'give the customer another id in the configuration and in the bookings',
    })
    : problem('PRIVACY_KEY', `the key of customer ${customer_id} is missing in ${keys.name}, or is not the one it was`, {
      at: context.config.place(['privacy', 'keys']),
      hint: 'bring the keys back from a backup; without them what the ledger has of the customer stays unreadable',
    })));
  if (found.length > 0) throw new DuebookError(found);
  return (customer_id, party) => seal(keys.make(customer_id), customer_id, party);
}

/** Throws PRIVACY_KEY where customers are encrypted in the ledger: whoever leaves `privacy` out would write them into it in the open. */
async function refuseOpen({ config }: Context, engine: Engine): Promise<void> {
  const { n } = await engine.row<{ n: bigint }>('SELECT count(*) AS n FROM ledger_opened.parties');
  if (n === 0n) return;
  fail('PRIVACY_KEY', 'the ledger keeps its customers encrypted, and the configuration names no keys for them', {
    at: config.place([]), hint: 'bring back `privacy: { keys: … }`; what is written in the open stays so for good',
  });
}

/** The outcome of a message without addresses, which servers like to repeat: an event is kept for ever. */
export function impersonal(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = (text: string): string => text.replace(/[^\s<>"',;:()[\]]+@[^\s<>"',;:()[\]]+/g, '(address)');
  return Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, typeof value === 'string' ? plain(value)
    : Array.isArray(value) ? value.map((each) => (typeof each === 'string' ? plain(each) : each)) : value]));
}

/** Throws PRIVACY_KEY for messages to customers whose key is missing: nobody knows where they should go. */
export function requireRecipients(
  { config }: Context, messages: readonly { message_id: string; invoice_id: string | null; recipients: string }[],
): void {
  const lost = messages.filter(({ invoice_id, recipients }) => invoice_id !== null && recipients === '[]');
  if (lost.length === 0) return;
  fail('PRIVACY_KEY', `${lost.length} messages cannot be sent, ${lost[0]!.message_id} first: the keys of their customers are missing`, {
    at: config.place(['privacy']), hint: 'bring the keys back from a backup; nothing was sent',
  });
}

/** A guard: with keys, no segment says in the open who a customer is. A failure here is a fault of this program. */
export async function requireSealed(
  context: Context, engine: Engine, files: readonly { table: string; path: string; rows: number }[],
): Promise<void> {
  if (context.config.privacy === null) return;
  // What corrects an invoice from before the keys keeps its buyer, who is in the open already.
  const sealed = 'SELECT party_id FROM ledger_opened.parties';
  const open: Readonly<Record<string, string>> = {
    invoices: `customer_name IS NOT NULL
      AND (buyer_id IN (${sealed}) OR buyer_id NOT IN (SELECT party_id FROM ledger.parties))`,
    parties: `customer_id IS NOT NULL AND NOT starts_with(party, '${SEALED}')`,
    messages: `kind = 'invoice' AND recipients IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM ledger.parties AS p WHERE p.customer_id IS NOT NULL AND p.party_id NOT IN (${sealed}))`,
  };
  for (const { table, path, rows } of files) {
    if (rows === 0 || open[table] === undefined) continue;
    const { n } = await engine.row<{ n: bigint }>(`SELECT count(*) AS n FROM read_parquet(${fileLiteral(path)}) WHERE ${open[table]}`);
    if (n > 0n) throw new Error(`${n} rows of ${table} would stand in the ledger in the open`);
  }
}
