/** How lines of usage come about: what was counted, the units that are priced, the tier, and what was charged before. */
import { localDate } from '../calendar/calendar.js';
import type { Price, PriceTier } from '../config/types.js';
import { decimalText, evaluate } from '../values/formula.js';
import { formatMicro, parseDecimal } from '../values/money.js';
import { amountStep, factor, money, numberStep, price, sumOf } from './explain-steps.js';
import type { Pen } from './explain-steps.js';
import type { CountedFact, UsageFact } from './explain-facts.js';
import type { Step } from './explain-types.js';

/** Bookings priced one by one are shown one by one up to here. */
const SHOWN = 500;

/** The steps of a line of usage; empty where they would be too many. */
export function usageSteps(pen: Pen, fact: UsageFact, rule: Price, counted: readonly CountedFact[], timezone: string): Step[] {
  const steps: Step[] = [];
  const days = daysText(fact, timezone);
  if (fact.tier === 'min' || fact.tier === 'max') steps.push(...boundSteps(pen, fact, rule, days));
  else if (fact.tier === 'back') steps.push(backStep(pen, fact));
  else if (fact.bookings === 0n && (rule.needs_usage || rule.scope === 'product')) {
    steps.push(amountStep(pen, `nothing was used in ${days}`, '0'));
  }
  else if (rule.per_booking !== null) {
    if (counted.length > SHOWN) return [];
    steps.push(amountStep(pen, `each booking of ${days} by itself`, singleFormula(rule, counted)));
  } else {
    const units = unitSteps(fact, rule, days);
    steps.push(...units.steps, ...tierSteps(pen, fact, rule, units.formula));
  }
  const before = fact.amount_minor - fact.added_minor;
  if (before !== 0n || steps.length === 0) {
    steps.push(amountStep(pen, 'less what was charged before', `${money(pen, fact.amount_minor)} - ${money(pen, before, true)}`));
  }
  return steps;
}

function daysText({ starts_at, ends_at }: UsageFact, timezone: string): string {
  const last = Number(ends_at) > Date.UTC(9000, 0) ? null : localDate(Number(ends_at) - 1, timezone);
  const first = localDate(Number(starts_at), timezone);
  return last === null ? `the time since ${first}` : `${first} – ${last}`;
}

/** What is measured of the bookings so far, and what of it is priced. */
function unitSteps(fact: UsageFact, { metric, included }: Price, days: string): { steps: Step[]; formula: string } {
  const { of, column, divide_by, round_up } = metric!;
  const measured = {
    count: fact.bookings * 1_000_000n, unique: fact.items * 1_000_000n, sum: fact.sum_micro, max: fact.max_micro, latest: fact.latest_micro,
  }[of];
  const words = {
    count: 'number', unique: `different values of ${column}`, sum: `sum of the ${column}`, max: `highest ${column}`,
    latest: `latest ${column}`,
  }[of];
  const bookings = `${fact.bookings} ${fact.bookings === 1n ? 'booking' : 'bookings'}`;
  const steps = [numberStep(`${words} of ${bookings}, ${days}`, factor(measured))];
  let formula = steps[0]!.value;
  if (divide_by !== '1') {
    const divided = `${factor(measured)} / ${divide_by}`;
    const step = round_up ? numberStep('divided, up to a whole number', divided, 0, 'up') : numberStep('divided', divided);
    steps.push(step);
    formula = round_up ? step.value : `(${divided})`;
  }
  if (parseDecimal(included)! > 0n) {
    formula = `max(${formula} - ${formatMicro(parseDecimal(included)!)}, 0)`;
    steps.push(numberStep('less what is included', formula));
  } else if (measured < 0n) {
    formula = '0';
    steps.push(numberStep('less than nothing is nothing', formula));
  }
  return { steps, formula: shortened(formula) };
}

/** A formula whose value ends is written as its value. */
function shortened(formula: string): string {
  const text = decimalText(evaluate(formula), 0);
  return text.endsWith('…') ? formula : text;
}

function tierSteps(pen: Pen, { tier: tier_no }: UsageFact, { tiers, mode }: Price, units: string): Step[] {
  const index = Number(tier_no) - 1;
  const tier = tiers[index];
  if (tier === undefined) return [];
  const lower = tiers[index - 1]?.up_to ?? '0';
  const value = evaluate(units);
  const isAbove = (limit: string): boolean => value.over * 1_000_000n > parseDecimal(limit)! * value.under;
  const isReached = !(mode === 'volume' && tier.up_to !== null && isAbove(tier.up_to)) && (index === 0 || isAbove(lower));
  if (!isReached) return [amountStep(pen, 'this tier is not reached', '0')];
  const capped = mode === 'volume' || tier.up_to === null || !isAbove(tier.up_to) ? units : formatMicro(parseDecimal(tier.up_to)!);
  const part = mode === 'volume' || index === 0 ? capped : shortened(`${capped} - ${formatMicro(parseDecimal(lower)!)}`);
  const range = `above ${lower}${tier.up_to === null ? '' : `, up to ${tier.up_to}`}`;
  const steps = part === units ? [] : [numberStep(`of them in this tier (${range})`, part)];
  return [...steps, ...priceSteps(pen, tier, `${/[-+ ]/.test(part) ? `(${part})` : part}`)];
}

function priceSteps(pen: Pen, tier: PriceTier, part: string): Step[] {
  const steps: Step[] = [];
  let number = part;
  if (tier.package_size !== null) {
    const step = numberStep(`packages of ${tier.package_size}, whole ones`, `${part} / ${tier.package_size}`, 0, 'up');
    steps.push(step);
    number = step.value;
  }
  const [unit, percent, flat] = [tier.unit_price, tier.percent, tier.flat_fee].map((text) => parseDecimal(text)!);
  const terms = [
    ...(unit === 0n ? [] : [`${number} × ${price(pen, unit!)}`]), ...(percent === 0n ? [] : [`${part} × ${formatMicro(percent!)} / 100`]),
    ...(flat === 0n ? [] : [price(pen, flat!)]),
  ];
  const words = [
    ...(unit === 0n ? [] : ['at the price']), ...(percent === 0n ? [] : ['the percentage']), ...(flat === 0n ? [] : ['the flat fee']),
  ];
  return [...steps, amountStep(pen, words.length === 0 ? 'costs nothing' : words.join(' and '), sumOf(terms))];
}

/** Fee and percentage of each booking, those that are free left out. */
function singleFormula({ per_booking, included, tiers }: Price, counted: readonly CountedFact[]): string {
  const { fee, included: free, minimum, maximum } = per_booking!;
  const most = parseDecimal(included)!;
  const percent = formatMicro(parseDecimal(tiers[0]!.percent)!);
  let running = 0n;
  const within = (n: bigint): bigint => (n < 0n ? 0n : n > most ? most : n);
  const terms = counted.flatMap(({ value_micro }, i) => {
    running += value_micro;
    const isFree = (free === null ? most > 0n : i < free) && (most === 0n || running <= most);
    if (isFree) return [];
    const included_micro = within(running) - within(running - value_micro);
    const freeMicro = free !== null && i >= free ? 0n : free !== null && most === 0n ? value_micro : included_micro;
    const share = `${factor(value_micro - freeMicro)} × ${percent} / 100`;
    const above = minimum === null ? share : `max(${share}, ${minimum})`;
    // The order of the models: what is below the minimum is it, whatever the maximum.
    const most_of_it = minimum === null ? maximum : `max(${minimum}, ${maximum!})`;
    const bounded = maximum === null ? above : `min(${above}, ${most_of_it!})`;
    return [parseDecimal(fee) === 0n ? bounded : `${fee} + ${bounded}`];
  });
  return sumOf(terms);
}

/** What was credited by hand and is not given back a second time. */
function backStep(pen: Pen, { credited_minor, amount_minor }: UsageFact): Step {
  if (amount_minor === 0n) return amountStep(pen, `the units cost what was credited by hand (${money(pen, credited_minor)}), or more`, '0');
  const cost = money(pen, credited_minor - amount_minor, true);
  return amountStep(pen, 'credited by hand before, less what the units cost', `${money(pen, credited_minor)} - ${cost}`);
}

/** What is missing to the minimum, or beyond the maximum, of a price. */
function boundSteps(pen: Pen, fact: UsageFact, rule: Price, days: string): Step[] {
  const isMinimum = fact.tier === 'min';
  const amount = isMinimum ? rule.minimum : rule.maximum;
  if (amount === null || fact.amount_minor === 0n) return [amountStep(pen, `nothing for ${days}`, '0')];
  const cut = fact.whole_days !== null && fact.days < fact.whole_days && (isMinimum || fact.days > 0n);
  const name = isMinimum ? 'minimum' : 'maximum';
  const bound = amountStep(pen, cut ? `${name} for ${fact.days} of ${fact.whole_days} days` : `${name} for ${days}`,
    cut ? `${amount} × ${fact.days} / ${fact.whole_days}` : amount);
  const words = isMinimum ? 'less what the tiers cost' : 'what the tiers cost is above it';
  return [bound, amountStep(pen, words, `${bound.value} - ${money(pen, fact.tiers_minor, true)}`)];
}
