/**
 * Where the money of the bookings is, and what the invoices consist of, per currency. The draft's checks hold these sums against each
 * other in every run (see models/checks); here they are told, and lines are proved once more as they are written.
 */
import type { Engine } from '../engine/engine.js';
import { fileLiteral } from '../engine/engine.js';
import { bucketTotals } from '../models/build.js';
import type { BucketTotal } from '../models/build.js';
import { fail } from '../values/diagnostic.js';
import { LINE_KINDS } from '../values/line-kinds.js';
import { exponentOf, formatMinor, formatScaled } from '../values/money.js';
import type { Conservation, InvoiceParts } from './results.js';

const BUCKETS: readonly BucketTotal['bucket'][] = ['billed', 'already_billed', 'waiting', 'held', 'cancelled', 'ignored', 'rejected'];

/** SQL conditions over `i`: which draft invoices and which of the ledger are told; null: none. */
export interface ConservedInvoices {
  readonly open: string;
  readonly processed: string | null;
}

/** The sums as they are told. Throws BOOKINGS_UNACCOUNTED where the lines of the ledger are not what its invoices say. */
export async function conservation(engine: Engine, of: ConservedInvoices): Promise<Conservation> {
  const processed = of.processed === null ? [] : await processedParts(engine, of.processed);
  return { bookings: bookingParts(await bucketTotals(engine)), invoices: [...processed, ...await openParts(engine, of.open)] };
}

function bookingParts(totals: readonly BucketTotal[]): Conservation['bookings'] {
  return [...new Set(totals.map(({ currency }) => currency))].sort().map((currency) => {
    const own = totals.filter((each) => each.currency === currency);
    const sumOf = (rows: readonly BucketTotal[]): { bookings: number; amount: string } => ({
      bookings: rows.reduce((sum, row) => sum + Number(row.bookings), 0),
      amount: formatMinor(rows.reduce((sum, row) => sum + (row.amount_minor ?? 0n), 0n), currency),
    });
    const parts = BUCKETS.map((bucket) => ({ bucket, rows: own.filter((each) => each.bucket === bucket) }))
      .filter(({ rows }) => rows.length > 0).map(({ bucket, rows }) => ({ bucket, ...sumOf(rows) }));
    return { currency, ...sumOf(own), parts };
  });
}

interface KindRow { currency: string; kind: string; lines: bigint; net: bigint }
interface SumRow { currency: string; invoices: bigint; net: bigint; tax: bigint; total: bigint }

const SUMS = `currency, count(*) AS invoices, CAST(sum(i.net_minor) AS HUGEINT) AS net, CAST(sum(i.tax_minor) AS HUGEINT) AS tax,
  CAST(sum(i.total_minor) AS HUGEINT) AS total`;

/** What draft invoices consist of. `where` is SQL over `i` (draft.invoices). */
export async function openParts(engine: Engine, where: string): Promise<InvoiceParts[]> {
  const kinds = await engine.rows<KindRow>(`
    SELECT i.currency, k.kind, CAST(sum(k.lines) AS BIGINT) AS lines, CAST(sum(k.net_minor) AS HUGEINT) AS net
    FROM draft.invoices AS i
    JOIN draft.invoice_kinds AS k
      ON k.customer_key = i.customer_key AND k.period_key = i.period_key AND k.currency = i.currency AND k.apart = i.apart
    WHERE ${where} GROUP BY i.currency, k.kind ORDER BY i.currency, k.kind`);
  return partsOf('open', kinds, await engine.rows<SumRow>(
    `SELECT i.${SUMS} FROM draft.invoices AS i WHERE ${where} GROUP BY i.currency ORDER BY i.currency`));
}

/** What invoices of the ledger consist of. `where` is SQL over `i` (ledger.invoices). */
export async function processedParts(engine: Engine, where: string): Promise<InvoiceParts[]> {
  const kinds = await engine.rows<KindRow>(`
    SELECT i.currency, l.kind, count(*) AS lines, CAST(sum(l.amount_minor) AS HUGEINT) AS net
    FROM ledger.invoices AS i JOIN ledger.invoice_lines AS l ON l.invoice_id = i.invoice_id AND l.serial = i.serial
    WHERE ${where} GROUP BY i.currency, l.kind ORDER BY i.currency, l.kind`);
  return partsOf('processed', kinds, await engine.rows<SumRow>(
    `SELECT i.${SUMS} FROM ledger.invoices AS i WHERE ${where} GROUP BY i.currency ORDER BY i.currency`));
}

/** Kinds in the order in which they stand on an invoice; others by name behind them. */
function partsOf(state: InvoiceParts['state'], kinds: readonly KindRow[], sums: readonly SumRow[]): InvoiceParts[] {
  const known: readonly string[] = LINE_KINDS;
  const rank = ({ kind }: KindRow): number => (known.includes(kind) ? known.indexOf(kind) : known.length);
  return sums.map(({ currency, invoices, net, tax, total }) => {
    const own = kinds.filter((each) => each.currency === currency).sort((a, b) => rank(a) - rank(b));
    const lines = own.reduce((sum, each) => sum + each.net, 0n);
    if (lines !== net || net + tax !== total) refuse(`the ${state} invoices in ${currency}`, lines, net, currency);
    const money = (minor: bigint): string => formatScaled(minor, exponentOf(currency));
    return {
      state, currency, invoices: Number(invoices), net: money(net), tax: money(tax), total: money(total),
      parts: own.map((each) => ({ kind: each.kind, lines: Number(each.lines), amount: money(each.net) })),
    };
  });
}

function refuse(what: string, lines: bigint, net: bigint, currency: string): never {
  const sums = `sum to ${formatMinor(lines, currency)}, and the invoices to ${formatMinor(net, currency)}`;
  return fail('BOOKINGS_UNACCOUNTED', `the lines of ${what} ${sums}`, {
    hint: 'this is a defect of duebook; please report it with the configuration',
  });
}

/**
 * Proves a written segment of lines against the invoices that are about to be committed (`draft.facts`): as many lines of each, with
 * its net amount as their sum. Throws BOOKINGS_UNACCOUNTED; nothing was committed then.
 */
export async function proveLines(engine: Engine, path: string): Promise<void> {
  const [first] = await engine.rows<{ number: string; currency: string; written: bigint; net: bigint }>(`
    SELECT coalesce(f.number, l.invoice_id) AS number, coalesce(f.currency, 'EUR') AS currency,
      CAST(coalesce(l.net_minor, 0) AS HUGEINT) AS written, CAST(coalesce(f.net_minor, 0) AS HUGEINT) AS net
    FROM draft.facts AS f
    FULL JOIN (
      SELECT invoice_id, count(*) AS lines, sum(amount_minor) AS net_minor FROM read_parquet(${fileLiteral(path)}) GROUP BY invoice_id) AS l
      ON l.invoice_id = f.invoice_id
    WHERE l.net_minor IS DISTINCT FROM f.net_minor OR l.lines IS DISTINCT FROM f.lines ORDER BY f.series, f.seq LIMIT 1`);
  if (first !== undefined) refuse(`invoice ${first.number}, as they were written,`, first.written, first.net, first.currency);
}
