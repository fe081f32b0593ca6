/** What must add up in a history, whatever happened: the bookings of the export, what is billed at the end, and what faults must not change. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { literal } from '../../src/engine/engine.js';
import type { Engine } from '../../src/engine/engine.js';
import type { RunResult } from '../../src/run/results.js';
import type { Booking } from '../support/project.js';
import type { Delivered } from './disk.js';
import type { Firm } from './firm.js';
import type { Standing, Witness } from './witness.js';

/** What faults have changed, which they must not: facts of the ledger, and what messages say; each with faults, and without. */
export function difference([mine, his]: readonly [readonly string[], readonly string[]], [delivered, calm]: readonly [readonly Delivered[], readonly Delivered[]]): string[] {
  const flaws: string[] = [];
  for (let i = 0; i < Math.max(mine.length, his.length) && flaws.length < 3; i += 1) {
    if (mine[i] !== his[i]) flaws.push(`fact ${i} with faults: ${mine[i] ?? 'none'}; without: ${his[i] ?? 'none'}`);
  }
  const said = new Map(calm.map((each) => [each.message_id, each.content]));
  for (const { message_id, content } of delivered) {
    if (said.has(message_id) && said.get(message_id) !== content) flaws.push(`the message ${message_id} says something else with faults than without`);
  }
  return flaws;
}

/** Every booking of the export in one bucket, with its amount. */
export function accounted(firm: Firm, at: number, { completeness }: RunResult): string[] {
  const rows = new Map(firm.exported(at).map((row) => [row.id, row]));
  const flaws: string[] = [];
  if (completeness === null) return ['no completeness'];
  if (completeness.bookings_read !== rows.size) flaws.push(`${completeness.bookings_read} bookings are accounted for, the export has ${rows.size}`);
  const [expected, found] = [new Map<string, bigint>(), new Map<string, bigint>()];
  for (const row of rows.values()) add(expected, row.currency ?? 'EUR', firm.amountOf(row));
  for (const { currency, amount } of completeness.detail) if (amount !== null) add(found, currency!, BigInt(amount.replace('.', '')));
  for (const [currency, amount] of expected) if (found.get(currency) !== amount) flaws.push(`the buckets add up to ${found.get(currency)} ${currency}, the bookings to ${amount}`);
  return flaws;
}

/** Where a customer's name or address is still told: in the history, and in what was written for people. */
export async function traces(engine: Engine, root: string, customer: string): Promise<string[]> {
  const secret = new RegExp(`${customer}@x\\.example|Customer ${customer}\\b`);
  const told = readdirSync(join(root, 'out'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => secret.test(readFileSync(path, 'utf8'))).sort().map((path) => `${customer} is forgotten, and told in ${path.slice(root.length + 1)}`);
  await engine.run(`ATTACH ${literal(join(root, 'history.duckdb'))} AS h (READ_ONLY)`);
  try {
    for (const view of ['invoices', 'messages', 'events']) {
      const { text } = await engine.row<{ text: string | null }>(`SELECT string_agg(to_json(t)::VARCHAR, ' ') AS text FROM h.${view} AS t`);
      if (secret.test(text ?? '')) told.push(`${customer} is forgotten, and told in the history's ${view}`);
    }
  } finally {
    await engine.run('DETACH h');
  }
  return told;
}

/** `known`: where the ledger stood at an instant `since`: what was known then is put right by `at`. Periods until `over` have ended. */
export interface Settlement { readonly at: number; readonly over: number; readonly known: number; readonly since: number }

const NEVER_BILLED: Standing = { amount: 0n, state: 'open', serial: 0 };

/** When a booking was taken back, to be billed anew; 0: it never was. */
function freedAt({ commits }: Witness, { state, serial }: Standing): number {
  return state === 'open' && serial > 0 ? Date.parse(commits[serial - 1]!.as_of) : 0;
}

function isBillable(row: Booking | null): row is Booking {
  return row !== null && (row.status ?? 'done') === 'done';
}

/**
 * Whether a booking was taken back so lately that the next period after that has not ended. Where what is right is in another currency, say,
 * as the customer has changed it since, nothing stands beside what is taken back: it is billed like a late booking, with the next invoice.
 */
export function isFreedLately(firm: Firm, witness: Witness, { at, over }: Pick<Settlement, 'at' | 'over'>): boolean {
  const standing = witness.bookings();
  return firm.lives.some((life) => isBillable(firm.rowAt(life, at)) && freedAt(witness, standing.get(`jobs/${life.id}`) ?? NEVER_BILLED) >= over);
}

/** Every booking is billed as it is, or as it was when it was billed. */
export function settled(firm: Firm, witness: Witness, { at, over, known, since }: Settlement): string[] {
  const flaws: string[] = [];
  const standing = witness.bookings();
  // An export without a row says nothing of what is gone.
  const tellsGone = firm.complete && firm.exported(at).length > 0;
  for (const life of firm.lives) {
    const row = firm.rowAt(life, at);
    const stands = standing.get(`jobs/${life.id}`) ?? NEVER_BILLED;
    const { amount, state, serial } = stands;
    const tell = (what: string): void => void flaws.push(`booking ${life.id} ${what}: ${JSON.stringify(life.versions)}`);
    const billable = isBillable(row) && Math.max(freedAt(witness, stands), Date.parse(row.end ?? row.start)) < over;
    if (state === 'open' && billable) tell('is not billed');
    if (state === 'open' && amount !== 0n) tell(`is open, and ${amount} stands`);
    if (state !== 'billed') continue;
    const priced = life.versions.every((each) => each.row === null || each.row.price !== undefined || each.row.amount !== undefined);
    const was = (each: Booking | null): boolean => each !== null && firm.amountOf(each) === amount;
    if (priced && !life.versions.some((each) => was(each.row))) tell(`is billed with ${amount}, which it never was`);
    if (serial > known || life.versions.some(({ from }) => from > since)) continue;
    if (row === null ? tellsGone : row.status === 'cancelled') tell('is gone and still billed');
    else if (row !== null && priced && !was(row)) tell(`is billed with ${amount}, not as it is`);
  }
  return flaws.slice(0, 5);
}

function add(sums: Map<string, bigint>, currency: string, amount: bigint): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amount);
}
