/**
 * Agreements as the models read them. Dates are worked out here, once for all customers that share an agreement and a calendar:
 * which stretches of days a charge bills, and to which period they belong. Customers and money are for the models.
 */
import { DuckDBDateValue } from '@duckdb/node-api';
import type { DuckDBAppender } from '@duckdb/node-api';
import { beginsOn, localDate, toInstant } from '../calendar/calendar.js';
import type { Calendar, Period } from '../calendar/types.js';
import { addMonths } from '../config/agreement-dates.js';
import type { Agreement, Charge, Config, Fee } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { parseDecimal } from '../values/money.js';
import { addDays, dayNumber, sqlTimestamp } from '../values/time.js';
import type { LocalDate } from '../values/time.js';
import { termsOf, unitsOf } from './charge-parts.js';
import type { Part, Terms } from './charge-parts.js';

/**
 * `agreements`: agreement_key is the place in the configuration. `customer_agreements`: who has which, in the customer's order
 * (`place`). `charge_parts`: a row a part of a unit of a recurring charge, for one calendar; `own_period_key` is the period it
 * belongs to. `fees`: fees and milestones likewise. `local_days`: when a day begins in a zone.
 */
const TABLES = `
  CREATE OR REPLACE TABLE input.agreements (
    agreement_key INTEGER, agreement_id VARCHAR, name VARCHAR, currency VARCHAR, prices_with_tax BOOLEAN, first_day DATE, last_day DATE);
  CREATE OR REPLACE TABLE input.customer_agreements (customer_key INTEGER, agreement_key INTEGER, place INTEGER);
  CREATE OR REPLACE TABLE input.charge_parts (
    part_key INTEGER, agreement_key INTEGER, calendar_key INTEGER, charge_id VARCHAR, name VARCHAR, product VARCHAR, tax_id VARCHAR,
    own_period_key INTEGER, first_day DATE, last_day DATE, terms_no INTEGER, mergeable BOOLEAN, proration VARCHAR,
    quantity_micro BIGINT, price_micro BIGINT, share_over BIGINT, share_under BIGINT, problem VARCHAR);
  CREATE OR REPLACE TABLE input.fees (
    agreement_key INTEGER, calendar_key INTEGER, charge_id VARCHAR, name VARCHAR, product VARCHAR, tax_id VARCHAR,
    own_period_key INTEGER, fee_day DATE, price_micro BIGINT);
  CREATE OR REPLACE TABLE input.local_days (zone_key INTEGER, day DATE, day_start TIMESTAMP);`;

/** Quantities from here on are not added up on one line: the sum might not fit. */
const MANY = 1_000_000_000_000_000n;

/** A period as far as a run knows it; see RunPeriod. */
interface OpenPeriod extends Period {
  readonly previewed: boolean;
  readonly period_date: LocalDate;
  readonly on_demand: boolean;
}

/** Fills them. `periods` are in the order of their keys; `zones` are their time zones in the order of theirs. */
export async function loadAgreements(
  engine: Engine,
  given: {
    readonly config: Pick<Config, 'agreements' | 'customers' | 'indexes'>; readonly calendars: readonly Calendar[];
    readonly calendarKeyOf: (index: number) => number; readonly periods: readonly OpenPeriod[]; readonly zones: readonly string[];
  },
): Promise<void> {
  await engine.run(TABLES);
  const { config } = given;
  // Worlds of tests that know nothing of agreements leave the key out.
  const agreements = config.agreements ?? [];
  if (agreements.length === 0) return;
  await engine.append('input', 'agreements', [...agreements.entries()], (a, [key, agreement]) => {
    a.appendInteger(key);
    for (const text of [agreement.agreement_id, agreement.name, agreement.currency]) a.appendVarchar(text);
    a.appendBoolean(agreement.prices_include_tax);
    appendDay(a, agreement.from);
    appendDay(a, agreement.until);
  });
  const keys = new Map(agreements.map(({ agreement_id }, key) => [agreement_id, key]));
  const listed = config.customers.flatMap((customer, customer_key) => (customer.agreements ?? []).map((id, place) => ({
    customer_key, place, agreement_key: keys.get(id)!, calendar_key: given.calendarKeyOf(customer_key),
  })));
  await engine.append('input', 'customer_agreements', listed, (a, row) => {
    for (const key of [row.customer_key, row.agreement_key, row.place]) a.appendInteger(key);
  });
  const pairs = new Map(listed.map((row) => [`${row.agreement_key} ${row.calendar_key}`, row]));
  const turns = new Map<number, Turns>();
  const lines: Lines = { parts: [], fees: [] };
  for (const { agreement_key, calendar_key } of pairs.values()) {
    const calendar = given.calendars[calendar_key]!;
    if (!turns.has(calendar_key)) turns.set(calendar_key, turnsOf(calendar, given.periods));
    addLines(lines, { agreement: agreements[agreement_key]!, agreement_key, calendar, turns: turns.get(calendar_key)!, config });
  }
  await appendParts(engine, lines.parts);
  await appendFees(engine, lines.fees);
  await loadDays(engine, given.zones, lines);
}

type Appender = DuckDBAppender;

interface Keys { readonly agreement_key: number; readonly calendar_key: number; readonly own_period_key: number }
interface PartRow extends Keys { readonly charge: Charge; readonly terms: Terms; readonly part: Part }
interface FeeRow extends Keys { readonly fee: Fee }
interface Lines { readonly parts: PartRow[]; readonly fees: FeeRow[] }

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

function turnsOf(calendar: Calendar, periods: readonly OpenPeriod[]): Turns {
  const own = [...periods.entries()].filter(([, period]) => period.calendar_key === calendar.calendar_key)
    .sort(([, a], [, b]) => a.period_start - b.period_start);
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
  readonly config: Pick<Config, 'indexes'>;
}

function addLines(lines: Lines, { agreement, agreement_key, calendar, turns, config }: Frame): void {
  const { list, first_day, last_open, anchor } = turns;
  const last = list[last_open];
  if (last === undefined || first_day === null) return;
  const keys = { agreement_key, calendar_key: calendar.calendar_key };
  for (const charge of agreement.charges) {
    const reach = addMonths(last.next > last.boundary ? last.next : last.boundary, 12);
    const terms = termsOf(charge, agreement.currency, config.indexes ?? [], reach);
    let at = 0;
    for (const { begins, ends, parts } of unitsOf(charge, anchor, terms)) {
      const isOwn = charge.timing === 'in_arrears' ? (turn: Turn) => turn.boundary >= ends : (turn: Turn) => turn.next > begins;
      while (at <= last_open && !isOwn(list[at]!)) at += 1;
      if (at > last_open) break;
      if (begins < first_day) continue;
      const own_period_key = list[at]!.period_key;
      lines.parts.push(...parts.map((part) => ({ ...keys, own_period_key, charge, part, terms: terms[part.terms_no]! })));
    }
  }
  for (const fee of agreement.fees) {
    const own = list.find(({ end, cut }) => end > fee.on || (cut && end === fee.on));
    if (own !== undefined && fee.on >= first_day) lines.fees.push({ ...keys, own_period_key: own.period_key, fee });
  }
}

function appendDay(a: Appender, day: LocalDate | null): void {
  if (day === null) a.appendNull();
  else a.appendDate(new DuckDBDateValue(dayNumber(day)));
}

function appendText(a: Appender, text: string | null): void {
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
  const spans = [...parts.map(({ part }) => [part.first, part.last] as const), ...fees.map(({ fee }) => [fee.on, fee.on] as const)];
  const days = spans.flatMap(([from, until]) => [from, addDays(until, 1)]);
  if (days.length === 0) return;
  let [first, last] = [days[0]!, days[0]!];
  for (const day of days) {
    if (day < first) first = day;
    if (day > last) last = day;
  }
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
