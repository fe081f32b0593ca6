/**
 * Discounts of agreements as the models read them. Which discounts a line has depends on its agreement, its product and the day of its
 * service: that is worked out here, once for each stretch of days and each product that is named, as groups of discounts.
 */
import { beginsOn, periodsOf, toInstant } from '../calendar/calendar.js';
import type { BoundPeriod, BoundRows, Placed } from './load-bounds.js';
import { addBoundRows, BOUND_TABLES, longMaximums, ofKind, periodMaximums } from './load-bounds.js';
import { EVER, insert } from './rows.js';
import type { Cell } from './rows.js';
import type { Calendar } from '../calendar/types.js';
import type { Agreement, Config, Discount } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import { adjustingLists, adjusts } from './load-agreements.js';
import type { AgreementLists } from './load-agreements.js';
import { exponentOf, formatMicro, parseDecimal } from '../values/money.js';
import { addDays, sqlTimestamp } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';

/**
 * `adjusting`: who has which agreement that lowers or raises its lines, with the place of its last discount, and of its last maximum
 * for longer than a period. `terms`: of these agreements, how many of its first discounts are worked out line by line, whether lines may
 * then be taken together (is_joinable), also where many bookings are only summed (is_summable: no line has two of the first discounts),
 * and whether a bound tells usage from charges; last_place and last_long as in `adjusting`, none where it adjusts nothing.
 * `first_agreements`: of each list of agreements that customers have (`customers.list_key`) the first in force, for bookings that none
 * prices. `discounts`: `place` from 1 in the order in which they are taken, maximums last (they have `applies_to`),
 * `by_scope`: with a line for usage and one for charges. `ended_discounts`: the billing periods that come after the last one of a
 * discount. `discount_groups`: which discounts hold for a product (`*`: any that no discount names) between two instants, of every
 * agreement that adjusts at any time; `group_discounts`: what they are. `groups`: `rest_key` is the group of those that are not worked
 * out line by line, `first_place` the one that is, with what it is worth; none where there are several. `on_usage` and `on_charges` are
 * what the ledger keeps as the `discounts` of a line of the group; null where it has none.
 */
const TABLES = `
  CREATE OR REPLACE TABLE input.adjusting (customer_key INTEGER, agreement_key INTEGER, last_place INTEGER, last_long INTEGER);
  CREATE OR REPLACE TABLE input.terms (
    agreement_key INTEGER, first_places INTEGER, is_joinable BOOLEAN, is_summable BOOLEAN, tells_usage BOOLEAN, last_place INTEGER,
    last_long INTEGER);
  CREATE OR REPLACE TABLE input.first_agreements (
    list_key INTEGER, zone_key INTEGER, currency VARCHAR, valid_from TIMESTAMP, valid_until TIMESTAMP, agreement_key INTEGER);
  CREATE OR REPLACE TABLE input.discounts (
    agreement_key INTEGER, place INTEGER, name VARCHAR, on_line BOOLEAN, percent_micro BIGINT, amount_minor BIGINT, cap_minor BIGINT,
    applies_to VARCHAR, by_scope BOOLEAN);
  CREATE OR REPLACE TABLE input.ended_discounts (agreement_key INTEGER, place INTEGER, period_key INTEGER);
  CREATE OR REPLACE TABLE input.discount_groups (
    agreement_key INTEGER, zone_key INTEGER, product VARCHAR, valid_from TIMESTAMP, valid_until TIMESTAMP, group_key INTEGER);
  CREATE OR REPLACE TABLE input.group_discounts (group_key INTEGER, place INTEGER);
  CREATE OR REPLACE TABLE input.groups (
    group_key INTEGER, agreement_key INTEGER, currency VARCHAR, prices_with_tax BOOLEAN, rest_key INTEGER, first_place INTEGER,
    percent_micro BIGINT, amount_minor BIGINT, on_usage VARCHAR, on_charges VARCHAR);
  ${BOUND_TABLES}`;

/** Who has what adjusts: one row for each time that a customer's list names it. */
const ADJUSTING = `
  INSERT INTO input.adjusting
  SELECT c.customer_key, c.agreement_key, n.last_place, n.last_long
  FROM input.customer_agreements AS c
  JOIN input.terms AS n ON n.agreement_key = c.agreement_key AND n.last_place IS NOT NULL
  ORDER BY c.customer_key, c.place`;

/** Stands for every product that no discount of the agreement names. */
const ANY = '*';

/** What discounts are loaded from. `zones` are the time zones of the periods in the order of their keys. */
export interface GivenDiscounts {
  readonly config: Pick<Config, 'agreements' | 'customers' | 'rounding'>;
  readonly calendars: readonly Calendar[];
  readonly calendarKeyOf: (index: number) => number;
  /** In the order of their keys. */
  readonly periods: readonly BoundPeriod[];
  readonly zones: readonly string[];
}

/** Fills them. Needs the customers and who has which agreement. */
export async function loadDiscounts(engine: Engine, given: GivenDiscounts): Promise<void> {
  await engine.run(TABLES);
  const { agreements } = given.config;
  const { lists, listOf } = adjustingLists(given.config);
  if (lists.length === 0) return;
  const adjusting = (key: number): boolean => adjusts(agreements[key]!);
  await insert(engine, 'first_agreements', lists.flatMap((keys, list_key) => given.zones.flatMap((zone, zone_key) => (
    firstOf(agreements, keys, zone).map((row) => [list_key, zone_key, ...row])))));
  const used = [...new Set(lists.flat())].sort((a, b) => a - b);
  const groups = new Groups(agreements);
  await insert(engine, 'discount_groups', used.filter(adjusting).flatMap((key) => groupRows(agreements[key]!, key, given.zones, groups)));
  await insert(engine, 'group_discounts', groups.discounts());
  await insert(engine, 'groups', groups.rows());
  await insert(engine, 'terms', used.map((key) => termsOf(agreements[key]!, key, groups)));
  await engine.run(ADJUSTING);
  await insert(engine, 'discounts', used.flatMap((key) => agreements[key]!.discounts
    .map((each, i): Cell[] => [
      key, i + 1, each.name, each.on === 'line', ...worth(each, agreements[key]!.currency), null, isByScope(agreements[key]!)])
    .concat(periodMaximums(agreements[key]!).map(({ bound, place }) => [
      key, place, bound.name, false, null, null, null, bound.applies_to, isByScope(agreements[key]!)]))));
  await insert(engine, 'long_maximums', used.flatMap((key) => longMaximums(agreements[key]!)
    .map(({ bound, number, place }): Cell[] => [key, place, number, bound.name, bound.applies_to, isByScope(agreements[key]!)])));
  await insert(engine, 'minimums', used.flatMap((key) => ofKind(agreements[key]!, 'minimum')
    .map((each, i): Cell[] => [key, i + 1, each.name, each.applies_to, each.tax])));
  const rows: BoundRows = { periods: [], spans: [] };
  const pairs = pairsOf(lists, listOf, given.calendarKeyOf);
  for (const { key, calendar_key } of pairs) {
    addBoundRows(rows, {
      agreement: agreements[key]!, agreement_key: key, calendar_key,
      first_day: beginsOn(given.calendars[calendar_key]!), rounding: given.config.rounding,
    }, given.periods);
  }
  await insert(engine, 'bound_periods', rows.periods);
  await insert(engine, 'bound_spans', rows.spans);
  await insert(engine, 'ended_discounts', endedDiscounts(agreements, pairs, given));
}

/** Whether the ledger must tell what a discount took of usage and what of charges: a bound of one of them runs over several invoices. */
function isByScope({ bounds }: Agreement): boolean {
  return bounds.some(({ per, applies_to }) => per.unit !== 'period' && applies_to !== 'all');
}

/** Discounts on lines come first. One with a cap is spread over the lines like a discount on the net, and what follows it as well. */
function termsOf(agreement: Agreement, key: number, groups: Groups): Cell[] {
  const first = firstPlaces(agreement);
  const is_joinable = !agreement.discounts.slice(first).some(({ on }) => on === 'line');
  return [key, first, is_joinable, is_joinable && groups.mostFirst(key) <= 1,
    agreement.bounds.some(({ applies_to }) => applies_to !== 'all'),
    ...(adjusts(agreement) ? [lastPlace(agreement), longMaximums(agreement).length] : [null, null])];
}

function firstPlaces({ discounts }: Agreement): number {
  const other = discounts.findIndex(({ on, cap }) => on !== 'line' || cap !== null);
  return other === -1 ? discounts.length : other;
}

/** `percent` in millionths, `amount` and `cap` in minor units. */
function worth({ percent, amount, cap }: Discount, currency: string): [bigint | null, bigint | null, bigint | null] {
  const minor = (text: string | null): bigint | null => (text === null ? null : parseDecimal(text, exponentOf(currency))!);
  return [percent === null ? null : parseDecimal(percent)!, minor(amount), minor(cap)];
}

/** The instants between which local days are in force, the last one included. */
function bounds(from: LocalDate | null, until: LocalDate | null, zone: string): [Instant, Instant] {
  return [from === null ? EVER[0] : toInstant(from, zone), until === null ? EVER[1] : toInstant(addDays(until, 1), zone)];
}

/** Customers with the same list share the answer. */
/** `currency, from, until, agreement`: stretches on which the same one is the first in force. */
function firstOf(agreements: readonly Agreement[], keys: readonly number[], zone: string): Cell[][] {
  const rows: Cell[][] = [];
  for (const currency of [...new Set(keys.map((key) => agreements[key]!.currency))].sort()) {
    const own = keys.filter((key) => agreements[key]!.currency === currency)
      .map((key) => ({ key, span: bounds(agreements[key]!.from, agreements[key]!.until, zone) }));
    for (const [from, until] of stretches(own.map(({ span }) => span))) {
      const first = own.find(({ span }) => span[0] <= from && until <= span[1]);
      if (first !== undefined) rows.push([currency, sqlTimestamp(from), sqlTimestamp(until), first.key]);
    }
  }
  return rows;
}

/** Between every two neighbours of the ends of these spans. */
function stretches(spans: readonly (readonly [Instant, Instant])[]): [Instant, Instant][] {
  const ends = [...new Set(spans.flat())].sort((a, b) => a - b);
  return ends.slice(1).map((end, i) => [ends[i]!, end]);
}

function lastPlace(agreement: Agreement): number {
  return agreement.discounts.length + periodMaximums(agreement).length;
}

interface Pair { readonly key: number; readonly calendar_key: number }

/** Every agreement of these lists with every calendar of a customer that has it. */
function pairsOf(lists: AgreementLists['lists'], listOf: AgreementLists['listOf'], calendarKeyOf: (index: number) => number): Pair[] {
  const calendars = lists.map(() => new Set<number>());
  for (const [customer_key, list] of listOf.entries()) if (list !== null) calendars[list]!.add(calendarKeyOf(customer_key));
  const pairs = lists.flatMap((keys, list) => [...calendars[list]!].flatMap((calendar_key) => (
    keys.map((key) => [`${key} ${calendar_key}`, { key, calendar_key }] as const))));
  return [...new Map(pairs).values()];
}

/** Of discounts for so many periods: those after the last one, by calendar. */
function endedDiscounts(agreements: readonly Agreement[], pairs: readonly Pair[], given: GivenDiscounts): Cell[][] {
  return pairs.flatMap(({ key, calendar_key }) => agreements[key]!.discounts.flatMap((each, i): Cell[][] => {
    if (each.periods === null) return [];
    const calendar = given.calendars[calendar_key]!;
    const own = [...given.periods.entries()].filter(([, period]) => period.calendar_key === calendar_key);
    const last = own.reduce((end, [, period]) => Math.max(end, period.period_end), 0);
    const from = toInstant(each.from, calendar.uses[0]!.cycle.timezone);
    const end = periodsOf(calendar, from, Math.max(from, last) + 1)[each.periods - 1]?.period_end;
    return end === undefined ? [] : own.filter(([, period]) => period.period_end > end).map(([period_key]) => [key, i + 1, period_key]);
  }));
}

/** A set of discounts of an agreement; `first` are those that are worked out line by line. */
interface Group {
  readonly key: number;
  readonly agreement_key: number;
  readonly places: readonly number[];
  readonly first: readonly number[];
}

/** Numbers sets of discounts, from 1. */
class Groups {
  readonly #agreements: readonly Agreement[];
  readonly #groups = new Map<string, Group>();
  readonly #mostFirst = new Map<number, number>();

  constructor(agreements: readonly Agreement[]) {
    this.#agreements = agreements;
  }

  /** The number of a set; those of it that are not worked out line by line are one, too. */
  keyOf(agreement_key: number, places: readonly number[]): number {
    const name = `${agreement_key}:${places.join(' ')}`;
    const found = this.#groups.get(name);
    if (found !== undefined) return found.key;
    const until = firstPlaces(this.#agreements[agreement_key]!);
    const group = { key: this.#groups.size + 1, agreement_key, places, first: places.filter((place) => place <= until) };
    this.#groups.set(name, group);
    this.#mostFirst.set(agreement_key, Math.max(this.mostFirst(agreement_key), group.first.length));
    this.keyOf(agreement_key, places.slice(group.first.length));
    return group.key;
  }

  /** How many discounts on lines a line of the agreement has at most. */
  mostFirst(agreement_key: number): number {
    return this.#mostFirst.get(agreement_key) ?? 0;
  }

  discounts(): Cell[][] {
    return [...this.#groups.values()].flatMap(({ key, places }) => places.map((place) => [key, place]));
  }

  rows(): Cell[][] {
    return [...this.#groups.values()].map(({ key, agreement_key, places, first }): Cell[] => {
      const agreement = this.#agreements[agreement_key]!;
      const rest = this.keyOf(agreement_key, places.slice(first.length));
      const [place, ...more] = first;
      const leading = place === undefined || more.length > 0 ? [null, null, null]
        : [place, ...worth(agreement.discounts[place - 1]!, agreement.currency).slice(0, 2)];
      return [key, agreement_key, agreement.currency, agreement.prices_include_tax, rest, ...leading,
        keptOf(agreement, places, 'usage'), keptOf(agreement, places, 'charges')];
    });
  }
}

/** The discounts at these places, and the maximums that are for usage or for charges, as the ledger keeps them. */
function keptOf(agreement: Agreement, places: readonly number[], scope: 'usage' | 'charges'): string | null {
  const holds = ({ bound }: Placed): boolean => bound.applies_to === 'all' || bound.applies_to === scope;
  const given = places.map((place) => {
    const discount = agreement.discounts[place - 1]!;
    const [percent, amount, cap] = worth(discount, agreement.currency);
    const all = discount.on === 'line' ? [cap] : [amount, cap];
    const [most] = all.filter((each) => each !== null).sort((a, b) => (a < b ? -1 : 1));
    return [place, percent === null ? '' : `%${formatMicro(percent)}`, most === undefined ? '' : `c${most}`,
      discount.on === 'line' ? `l${amount ?? ''}` : ''].join('');
  });
  const periodic = periodMaximums(agreement).filter(holds).map(({ place }) => `${place}m`);
  const long = longMaximums(agreement).filter(holds).map(({ number }) => `m${number}`);
  const kept = [...given, ...periodic, ...long];
  return kept.length === 0 ? null : kept.join(' ');
}

function groupRows(agreement: Agreement, agreement_key: number, zones: readonly string[], groups: Groups): Cell[][] {
  const { discounts } = agreement;
  const products = [ANY, ...new Set(discounts.flatMap((each) => each.products))];
  return zones.flatMap((zone, zone_key) => {
    const spans = discounts.map((each) => bounds(each.from, each.until, zone));
    return stretches([EVER, ...spans]).flatMap(([from, until]) => products.map((product): Cell[] => {
      const places = discounts.flatMap((each, i) => (
        spans[i]![0] <= from && until <= spans[i]![1] && (each.products.length === 0 || each.products.includes(product)) ? [i + 1] : []));
      return [agreement_key, zone_key, product, sqlTimestamp(from), sqlTimestamp(until), groups.keyOf(agreement_key, places)];
    }));
  });
}
