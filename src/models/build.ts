/** Builds the draft: runs the models in their order, then the checks. Preview shows the draft, confirm commits it; nobody else computes. */
import type { Engine } from '../engine/engine.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Code, Diagnostic, Place } from '../values/diagnostic.js';
import { derive } from './derive.js';
import { CHECKS, MODELS } from './order.js';
import { sqlFile } from './sql.js';

/** How many bookings are in a bucket for a reason, and what they sum to, per currency. */
export interface BucketTotal {
  readonly bucket: 'billed' | 'already_billed' | 'waiting' | 'held' | 'cancelled' | 'ignored' | 'rejected';
  readonly reason: string | null;
  readonly currency: string;
  readonly bookings: bigint;
  /** Minor units; null where no amount could be worked out. */
  readonly amount_minor: bigint | null;
}

/** Up to so many bookings views are stored as tables: planning them again for each reader takes longer. */
const FEW = 50_000;

/** How a draft is built; the numbers are the same. */
export interface DraftBuild {
  /** Whether bookings are many. */
  readonly many?: boolean;
  /** true: every booking is worked out by itself, as who explains an invoice needs it, also where the sum of many would do. */
  readonly singly?: boolean;
}

/** Builds every relation of `draft.*` from `input.*`. */
export async function buildDraft(engine: Engine, { many, singly = false }: DraftBuild = {}): Promise<void> {
  const { bookings } = await engine.row<{ bookings: bigint }>('SELECT count(*) AS bookings FROM input.staged');
  const is_many = many ?? bookings > FEW;
  await engine.run(`UPDATE input.run SET in_sums = ${is_many && !singly}`);
  await derive(engine, 'draft', is_many ? MODELS : MODELS.map((model) => ({ ...model, as: model.few ?? model.as })));
}

/** Finds where rows of the staged files stand; see intake's placesOf. */
export type FindPlaces = (rows: readonly { readonly file_key: number; readonly record: number }[]) => Promise<Place[]>;

/** Runs the checks over the draft; findings carry the booking's file, and its line where it has one. */
export async function checkDraft(engine: Engine, findPlaces: FindPlaces): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const name of await neededChecks(engine)) {
    const rows = await engine.rows<Finding>(sqlFile(`checks/${name}.sql`));
    if (rows.length === 0) continue;
    const read = await engine.rows<{ file: string; file_key: number }>('SELECT file, file_key FROM input.files');
    const keys = new Map(read.map((f) => [f.file, f.file_key]));
    const wanted = rows.map((row) => ({ file_key: keys.get(row.file ?? '') ?? 0, record: Number(row.record ?? 0) }));
    const places = await findPlaces(wanted);
    found.push(...rows.map((row, i) => diagnosticOf(row, places[i]!)));
  }
  return found;
}

interface Finding { code: Code; severity: string; message: string; file: string | null; record: bigint | null; field: string | null }

/** A row of a Parquet file has no line: its number then stands in the message. */
function diagnosticOf(row: Finding, place: Place): Diagnostic {
  const hint = HINTS[row.code];
  const more = { ...(row.file === null ? {} : { at: place }), ...(hint === undefined ? {} : { hint }) };
  const which = row.record === null || place.line !== undefined ? row.field ?? '' : `row ${row.record}, ${row.field ?? ''}`;
  const message = which === '' ? row.message : `${row.message} (${which})`;
  return row.severity === 'error' ? problem(row.code, message, more) : warning(row.code, message, more);
}

/** A check that can find nothing would still read every booking: those two are asked only when there is something to find. */
async function neededChecks(engine: Engine): Promise<string[]> {
  const [rejected, billed] = ["draft.completeness WHERE bucket = 'rejected'", 'input.billed'] as const;
  const filled = await engine.filled([rejected, billed]);
  const pointless = [...(filled.has(rejected) ? [] : ['rejected_bookings']), ...(filled.has(billed) ? [] : ['changed_bookings'])];
  return CHECKS.filter((name) => !pointless.includes(name));
}

/** Remedies, by code. */
const HINTS: Partial<Record<Code, string>> = {
  BOOKING_CUSTOMER: 'add the customer to the configuration, or correct the booking',
  BOOKING_PRICE: 'give the product a price, give the customer a price for it, or map a column to unit_price or amount',
  BOOKING_TAX: 'set the tax of the product, of the customer, of the source, or the top-level `tax`',
  BOOKING_VALUE: 'an amount must stay below 10^15 minor units',
  BOOKING_CHANGED: 'the invoice stays as it is; correct it by hand until this version can adjust it',
  BOOKINGS_UNACCOUNTED: 'this is a defect of duebook: nothing was written; please report it with the configuration',
};

/** The completeness of a draft: every booking once, by bucket, reason and currency, in a fixed order. */
export async function bucketTotals(engine: Engine): Promise<BucketTotal[]> {
  return engine.rows<BucketTotal>(`
    SELECT bucket, reason, currency, CAST(sum(bookings) AS BIGINT) AS bookings, CAST(sum(amount_minor) AS HUGEINT) AS amount_minor
    FROM draft.completeness GROUP BY bucket, reason, currency ORDER BY bucket, reason NULLS FIRST, currency`);
}
