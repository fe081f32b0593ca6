/**
 * What agreements charge, as the models read it. Dates are worked out here, once for all customers that share an agreement and a
 * calendar: which stretches of days a charge bills, and to which period they belong. Customers and money are for the models.
 */
import type { DuckDBAppender } from '@duckdb/node-api';
import { beginsOn, localDate, toInstant } from '../calendar/calendar.js';
import type { Calendar } from '../calendar/types.js';
import { addMonths } from '../config/agreement-dates.js';
import type { Agreement, Charge, Config, Fee } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { parseDecimal } from '../values/money.js';
import { addDays, sqlTimestamp } from '../values/time.js';
import type { LocalDate } from '../values/time.js';
import { termsOf, unitsOf } from './charge-parts.js';
import type { Part, Terms, Unit } from './charge-parts.js';
import { appendDay } from './load-agreements.js';
import { appendDeposits, DEPOSIT_TABLES } from './load-deposits.js';
import type { DepositRow } from './load-deposits.js';
import type { RunPeriod } from './run-period.js';

/**
 * `charges`: the recurring charges of each agreement. `charge_parts`: a row a part of a unit of one, for one calendar;
 * `own_period_key` is the period it belongs to. `fees`: fees, milestones and deposits likewise. `local_days`: when a day begins in a zone.
 */
const TABLES = `
  CREATE OR REPLACE TABLE input.charges (agreement_key INTEGER, charge_no INTEGER, charge_id VARCHAR);
  CREATE OR REPLACE TABLE input.charge_parts (
    part_key INTEGER, agreement_key INTEGER, calendar_key INTEGER, charge_id VARCHAR, name VARCHAR, product VARCHAR, tax_id VARCHAR,
    own_period_key INTEGER, first_day DATE, last_day DATE, terms_no INTEGER, mergeable BOOLEAN, proration VARCHAR,
    quantity_micro BIGINT, price_micro BIGINT, share_over BIGINT, share_under BIGINT, problem VARCHAR);
  CREATE OR REPLACE TABLE input.fees (
    agreement_key INTEGER, calendar_key INTEGER, charge_id VARCHAR, name VARCHAR, product VARCHAR, tax_id VARCHAR,
    own_period_key INTEGER, fee_day DATE, price_micro BIGINT);
  CREATE OR REPLACE TABLE input.local_days (zone_key INTEGER, day DATE, day_start TIMESTAMP);
  ${DEPOSIT_TABLES}`;

/** Quantities from here on are not added up on one line: the sum might not fit. */
const MANY = 1_000_000_000_000_000n;

/**
 * Fills them. `periods` are in the order of their keys; `zones` are their time zones in the order of theirs. Needs
 * input.customer_agreements and input.billed_days.
 */
export async function loadCharges(
  engine: Engine,
  given: {
    readonly config: Pick<Config, 'agreements' | 'customers' | 'indexes'>; readonly calendars: readonly Calendar[];
    readonly periods: readonly RunPeriod[]; readonly zones: readonly string[];
  },
): Promise<void> {
  await engine.run(TABLES);
  const { agreements, indexes } = given.config;
  if (agreements.length === 0) return;
  const charges = agreements.flatMap((agreement, key) => agreement.charges.map(({ charge_id }, no) => ({ key, no, charge_id })));
  await engine.append('input', 'charges', charges, (a, { key, no, charge_id }) => {
    a.appendInteger(key);
    a.appendInteger(no);
    a.appendVarchar(charge_id);
  });
  const pairs = await engine.rows<{ agreement_key: number; calendar_key: number }>(`
    SELECT DISTINCT k.agreement_key, c.calendar_key
    FROM input.customer_agreements AS k JOIN input.customers AS c ON c.customer_key = k.customer_key ORDER BY 1, 2`);
  const done = await billedThrough(engine);
  const byCalendar = new Map<number, [number, RunPeriod][]>(given.calendars.map(({ calendar_key }) => [calendar_key, []]));
  for (const each of given.periods.entries()) byCalendar.get(each[1].calendar_key)?.push(each);
  const turns = new Map<number, Turns>();
  const lines: Lines = { parts: [], fees: [], deposits: [] };
  for (const { agreement_key, calendar_key } of pairs) {
    const calendar = given.calendars[calendar_key]!;
    if (!turns.has(calendar_key)) turns.set(calendar_key, turnsOf(calendar, byCalendar.get(calendar_key)!));
    addLines(lines, { agreement: agreements[agreement_key]!, agreement_key, calendar, turns: turns.get(calendar_key)!, indexes, done });
  }
  await appendParts(engine, lines.parts);
  await appendFees(engine, lines.fees);
  await appendDeposits(engine, lines.deposits);
  await loadDays(engine, given.zones, lines);
}

/** What is billed of a charge to all customers of a calendar without a gap. */
interface Done { readonly first: LocalDate; readonly last: LocalDate }

/** By agreement, calendar and place of the charge; so that what was billed years ago need not be worked out again. */
async function billedThrough(engine: Engine): Promise<ReadonlyMap<string, Done>> {
  const rows = await engine.rows<{ pair: string; first: string; last: string }>(`
    WITH billed AS (
      SELECT charge_key, min(first_day) AS first_day, max(last_day) AS last_day, sum(last_day - first_day + 1) AS days
      FROM input.billed_days GROUP BY charge_key
    )
    SELECT concat_ws(' ', h.agreement_key, c.calendar_key, h.charge_no) AS pair,
      CAST(max(b.first_day) AS VARCHAR) AS first, CAST(min(b.last_day) AS VARCHAR) AS last
    FROM input.charges AS h
    JOIN input.agreements AS a ON a.agreement_key = h.agreement_key
    JOIN input.customer_agreements AS k ON k.agreement_key = h.agreement_key
    JOIN input.customers AS c ON c.customer_key = k.customer_key
    LEFT JOIN billed AS b ON b.charge_key = concat_ws(':', c.customer_id, a.agreement_id, h.charge_id)
    GROUP BY h.agreement_key, c.calendar_key, h.charge_no
    HAVING bool_and(coalesce(b.days = b.last_day - b.first_day + 1, FALSE)) ORDER BY pair`);
  return new Map(rows.map(({ pair, first, last }) => [pair, { first, last }]));
}

interface Keys { readonly agreement_key: number; readonly calendar_key: number; readonly own_period_key: number }
interface PartRow extends Keys { readonly charge: Charge; readonly terms: Terms; readonly part: Part }
interface FeeRow extends Keys { readonly fee: Omit<Fee, 'kind'> }
interface Lines { readonly parts: PartRow[]; readonly fees: FeeRow[]; readonly deposits: DepositRow[] }

/** A period as charges see it: local dates. An invoice is made at `boundary`; `next` is the boundary of the one after it. */
interface Turn {
  readonly period_key: number;
  readonly end: LocalDate;
  readonly boundary: LocalDate;
  readonly next: LocalDate;
  readonly previewed: boolean;
  /** A period cut on demand: its last day is part of it as far as it has got. */
  readonly cut: boolean;
}

interface Turns {
  readonly list: readonly Turn[];
  /** What begins before is never billed; null: the calendar bills nothing. */
  readonly first_day: LocalDate | null;
  /** First day of the cycle that the customer begins with. */
  readonly anchor: LocalDate;
  /** Place of the last turn that is open for preview; -1: none is. */
  readonly last_open: number;
}

/** `periods` with their keys. */
function turnsOf(calendar: Calendar, periods: readonly (readonly [number, RunPeriod])[]): Turns {
  const own = [...periods].sort(([, a], [, b]) => a.period_start - b.period_start);
  const bounds = own.map(([period_key, period]) => {
    const end = localDate(period.period_end, period.timezone);
    const boundary = period.timing === 'in_advance' ? period.period_date : end;
    return { period_key, end, boundary, previewed: period.previewed, cut: period.on_demand && period.timing === 'in_arrears' };
  });
  const list = bounds.map((turn, i) => ({ ...turn, next: bounds[i + 1]?.boundary ?? turn.end }));
  return {
    list, first_day: beginsOn(calendar), anchor: calendar.uses[0]?.cycle.start.slice(0, 10) ?? '2001-01-01',
    last_open: list.findLastIndex(({ previewed }) => previewed),
  };
}

interface Frame {
  readonly agreement: Agreement;
  readonly agreement_key: number;
  readonly calendar: Calendar;
  readonly turns: Turns;
  readonly indexes: Config['indexes'];
  readonly done: ReadonlyMap<string, Done>;
}

function addLines(lines: Lines, { agreement, agreement_key, calendar, turns, indexes, done }: Frame): void {
  const { list, first_day, last_open, anchor } = turns;
  const last = list[last_open];
  if (last === undefined || first_day === null) return;
  const keys = { agreement_key, calendar_key: calendar.calendar_key };
  const reach = addMonths(last.next > last.boundary ? last.next : last.boundary, 12);
  for (const [no, charge] of agreement.charges.entries()) {
    const terms = termsOf(charge, agreement.currency, indexes, reach);
    const billed = done.get(`${agreement_key} ${calendar.calendar_key} ${no}`);
    let at = 0;
    for (const { begins, ends, parts } of openUnits(charge, anchor, terms, first_day, billed)) {
      const isOwn = charge.timing === 'in_arrears' ? (turn: Turn) => turn.boundary >= ends : (turn: Turn) => turn.next > begins;
      while (at <= last_open && !isOwn(list[at]!)) at += 1;
      if (at > last_open) break;
      const own_period_key = list[at]!.period_key;
      for (const part of parts) lines.parts.push({ ...keys, own_period_key, charge, part, terms: terms[part.terms_no]! });
    }
  }
  const dayAfter = agreement.until === null ? null : addDays(agreement.until, 1);
  const final = dayAfter === null ? undefined : list.find(({ boundary }) => boundary >= dayAfter);
  for (const [deposit_no, deposit] of agreement.deposits.entries()) {
    lines.deposits.push({ ...keys, deposit_no, deposit, final_period_key: final?.period_key ?? null });
  }
  const deposits = agreement.deposits.map((deposit) => ({ ...deposit, product: null }));
  for (const fee of [...agreement.fees, ...deposits]) {
    const own = list.find(({ end, cut }) => end > fee.on || (cut && end === fee.on));
    if (own !== undefined && fee.on >= first_day) lines.fees.push({ ...keys, own_period_key: own.period_key, fee });
  }
}

/** The units that the customers' first period or a later one bills, without those that all of them are billed already. */
function* openUnits(
  charge: Charge, anchor: LocalDate, terms: readonly Terms[], first_day: LocalDate, billed: Done | undefined,
): Generator<Unit, void, undefined> {
  for (const unit of unitsOf(charge, anchor, terms, first_day)) {
    if (unit.begins < first_day) continue;
    if (billed !== undefined && billed.first <= unit.begins && billed.last >= unit.ends) {
      yield* unitsOf(charge, anchor, terms, addDays(billed.last, 1));
      return;
    }
    yield unit;
  }
}

function appendText(a: DuckDBAppender, text: string | null): void {
  if (text === null) a.appendNull();
  else a.appendVarchar(text);
}

async function appendParts(engine: Engine, rows: readonly PartRow[]): Promise<void> {
  await engine.append('input', 'charge_parts', [...rows.entries()], (a, [part_key, { charge, terms, part, ...keys }]) => {
    const quantity = parseDecimal(terms.quantity)!;
    for (const key of [part_key, keys.agreement_key, keys.calendar_key]) a.appendInteger(key);
    for (const text of [charge.charge_id, charge.name, charge.product, charge.tax]) appendText(a, text);
    a.appendInteger(keys.own_period_key);
    appendDay(a, part.first);
    appendDay(a, part.last);
    a.appendInteger(part.terms_no);
    a.appendBoolean(part.whole && quantity < MANY);
    a.appendVarchar(charge.proration);
    a.appendBigInt(quantity);
    if (terms.price === null) a.appendNull();
    else a.appendBigInt(parseDecimal(terms.price)!);
    a.appendBigInt(BigInt(part.over));
    a.appendBigInt(BigInt(part.under));
    appendText(a, terms.problem);
  });
}

async function appendFees(engine: Engine, rows: readonly FeeRow[]): Promise<void> {
  await engine.append('input', 'fees', rows, (a, { fee, ...keys }) => {
    for (const key of [keys.agreement_key, keys.calendar_key]) a.appendInteger(key);
    for (const text of [fee.charge_id, fee.name, fee.product, fee.tax]) appendText(a, text);
    a.appendInteger(keys.own_period_key);
    appendDay(a, fee.on);
    a.appendBigInt(parseDecimal(fee.amount)!);
  });
}

/** The days that lines begin and end on lie among these. */
async function loadDays(engine: Engine, zones: readonly string[], { parts, fees }: Lines): Promise<void> {
  let [first, last] = ['9999-12-31', '0000-01-01'];
  const keep = (from: LocalDate, until: LocalDate): void => {
    if (from < first) first = from;
    if (until > last) last = until;
  };
  for (const { part } of parts) keep(part.first, part.last);
  for (const { fee } of fees) keep(fee.on, fee.on);
  if (first > last) return;
  last = addDays(last, 1);
  const rows: string[] = [];
  for (const [zone_key, zone] of zones.entries()) {
    for (let day = first; day <= last; day = addDays(day, 1)) {
      rows.push(`(${zone_key},${literal(day)},'${sqlTimestamp(toInstant(day, zone))}')`);
    }
  }
  for (let i = 0; i < rows.length; i += 5_000) {
    await engine.run(`INSERT INTO input.local_days VALUES ${rows.slice(i, i + 5_000).join(',')}`);
  }
}
