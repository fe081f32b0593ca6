/** Rules about repeat bookings: a slip in one of them would bill somebody every week. */
import { exponentOf, parseDecimal } from '../values/money.js';
import { lastSecond, localOfSeconds, occurrences, wallSeconds } from '../values/recurrence.js';
import type { Recurrence } from '../values/recurrence.js';
import { parseRule } from '../values/recurrence-rule.js';
import type { RuleProblem } from '../values/recurrence-rule.js';
import type { LocalDateTime } from '../values/time.js';
import type { Facts } from './facts.js';
import { reference } from './reference.js';
import type { RepeatSpec } from './shape-repeat.js';

/** No date of a configuration lies beyond it; a rule is looked at up to here. */
const END = lastSecond('2199-12-31');

/** Customers, products and taxes that are named must be there. */
export function repeatReferences(facts: Facts): void {
  for (const [id, { customer, product, tax }] of facts.entries('repeat_bookings')) {
    const path = ['repeat_bookings', id];
    reference(facts, 'customers', customer, [...path, 'customer']);
    if (product !== undefined) reference(facts, 'products', product, [...path, 'product']);
    if (tax !== undefined) reference(facts, 'taxes', tax, [...path, 'tax']);
  }
}

/** What it is called and what it costs. */
export function repeatPrices(facts: Facts): void {
  for (const [id, repeat] of facts.entries('repeat_bookings')) {
    const path = ['repeat_bookings', id];
    if (repeat.product === undefined && repeat.description === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', path, `repeat booking "${id}": there is neither product nor description`,
        'say what is billed: product: cleaning',
      );
    }
    if (repeat.amount === undefined) continue;
    if (repeat.unit_price !== undefined) {
      facts.error(
        'CONFIG_VALUE', [...path, 'amount'], `repeat booking "${id}": amount and unit_price stand together`,
        'keep one: unit_price is multiplied by the quantity, amount is not',
      );
    }
    const currency = repeat.currency ?? facts.top('currency');
    const exponent = currency === undefined ? null : exponentOf(currency);
    if (exponent !== null && parseDecimal(repeat.amount, exponent) === null) {
      facts.error(
        'CONFIG_VALUE', [...path, 'amount'],
        `repeat booking "${id}": the amount ${repeat.amount} has more decimals than ${currency} allows`,
        exponent === 0 ? 'use a whole number' : `use at most ${exponent} decimals`,
      );
    }
  }
}

/** The rule can be read, comes to an end in one way only, occurs at all, and every exception leaves something out. */
export function repeatRules(facts: Facts): void {
  const read = new Map<string, Recurrence | RuleProblem>();
  for (const [id, repeat] of facts.entries('repeat_bookings')) {
    const known = read.get(repeat.rule) ?? parseRule(repeat.rule);
    read.set(repeat.rule, known);
    if ('problem' in known) {
      const message = `repeat booking "${id}": the rule cannot be read: ${known.problem}`;
      facts.error('CONFIG_VALUE', ['repeat_bookings', id, 'rule'], message, known.hint);
    } else repeatDates(facts, id, repeat, known);
  }
}

function repeatDates(facts: Facts, id: string, repeat: RepeatSpec, rule: Recurrence): void {
  const path = ['repeat_bookings', id];
  const { start, until } = repeat;
  if (until !== undefined && (rule.count !== null || rule.until !== null)) {
    const other = rule.count === null ? 'UNTIL' : 'COUNT';
    facts.error(
      'CONFIG_VALUE', [...path, 'until'], `repeat booking "${id}": the key until stands beside ${other} in the rule`,
      'keep one of them: two ends are one too many',
    );
    return;
  }
  if (until !== undefined && lastSecond(until) < wallSeconds(start)) {
    facts.error(
      'CONFIG_VALUE', [...path, 'until'], `repeat booking "${id}" ends (${until}) before it starts (${start})`,
      'correct `until` or `start`',
    );
    return;
  }
  const last = until === undefined ? END : lastSecond(until);
  if (occurrences(rule, start, last).next().done === true) {
    const dates = `${start}${until === undefined ? '' : ` to ${until}`}`;
    facts.error(
      'CONFIG_VALUE', [...path, 'rule'], `repeat booking "${id}" never happens: no date from ${dates} fits the rule`,
      'look for a date that does not exist, for an end before the first date, and for parts that exclude each other',
    );
    return;
  }
  for (const [index, without] of strayExceptions(rule, repeat, last)) {
    facts.error(
      'CONFIG_VALUE', [...path, 'except', index],
      `repeat booking "${id}" does not happen on ${repeat.except![index]!}, so there is nothing to leave out`, without,
    );
  }
}

/** Exceptions that meet no occurrence, by index, with the dates that may have been meant. */
function strayExceptions(rule: Recurrence, repeat: RepeatSpec, last: number): [number, string][] {
  const except = repeat.except ?? [];
  if (except.length === 0) return [];
  const open = new Set(except.keys());
  const near = new Map<number, [number | null, number | null]>(except.map((_, index) => [index, [null, null]]));
  const wanted = except.map((each) => ({ from: wallSeconds(each), until: lastSecond(each) }));
  const latest = Math.max(...wanted.map((each) => each.until));
  for (const wall of occurrences(rule, repeat.start, last)) {
    for (const index of [...open]) {
      const { from, until } = wanted[index]!;
      if (wall < from) near.get(index)![0] = wall;
      else if (wall <= until) open.delete(index);
      else near.get(index)![1] ??= wall;
    }
    if (wall > latest || open.size === 0) break;
  }
  return [...open].map((index) => [index, `${nearest(near.get(index)!, except[index]!)}correct the date, or remove it`]);
}

function nearest(walls: readonly (number | null)[], except: LocalDateTime): string {
  const shown = (wall: number): string => localOfSeconds(wall).slice(0, except.length === 10 ? 10 : undefined);
  const dates = walls.filter((wall) => wall !== null).map(shown);
  return dates.length === 0 ? '' : `the nearest ${dates.length === 1 ? 'date is' : 'dates are'} ${dates.join(' and ')}; `;
}
