/** How a line of a discount, or of a maximum, comes about: the base, what is taken of it, and the share of its tax. */
import type { Agreement, ConfigPath } from '../config/types.js';
import { formatMicro, parseDecimal } from '../values/money.js';
import { amountStep, money, sumOf } from './explain-steps.js';
import type { Pen } from './explain-steps.js';
import type { Facts, LineFact, ShareFact } from './explain-facts.js';
import type { Step } from './explain-types.js';

/** Lines of a base are shown one by one up to here. */
const SHOWN = 40;

/** The steps of one line; `place` is the discount's in the order in which they are taken, maximums last. */
export function discountSteps(
  pen: Pen, agreement: Agreement, agreement_key: number, place: number, line: LineFact, facts: Facts,
): { rule: { what: string; path: ConfigPath }; steps: Step[] } {
  const shares = facts.shares.filter((each) => each.agreement_key === agreement_key && each.place === place);
  const discount = agreement.discounts[place - 1];
  const periodic = agreement.bounds.filter(({ kind, per }) => kind === 'maximum' && per.unit === 'period');
  const bound = periodic[place - 1 - agreement.discounts.length];
  if (discount === undefined) {
    if (bound === undefined) return { rule: { what: 'discount', path: agreement.path }, steps: [] };
    const of = shares.filter(({ of_usage }) => bound.applies_to === 'all' || of_usage === (bound.applies_to === 'usage'));
    const most = facts.bounds.find((each) => each.kind === 'maximum' && each.agreement_key === agreement_key && each.place === place);
    const base = baseStep(pen, of);
    const above = most === undefined ? []
      : [base, amountStep(pen, 'what is above the maximum', `max(${base.value} - ${money(pen, most.amount_minor)}, 0)`)];
    const what = `maximum of ${agreement.agreement_id} (${bound.applies_to})`;
    return { rule: { what, path: bound.path }, steps: [...above, ...shareSteps(pen, shares, line)] };
  }
  const rule = { what: `discount ${discount.name} of ${agreement.agreement_id} (on the ${discount.on})`, path: discount.path };
  const chosen = shares.filter((each) => each.chosen);
  if (discount.on === 'line') return { rule, steps: [...lineSteps(pen, chosen, discount), ...shareSteps(pen, shares, line)] };
  return { rule, steps: [...netSteps(pen, bearing(chosen), discount), ...shareSteps(pen, shares, line)] };
}

function percentOf(percent: string): string {
  return formatMicro(parseDecimal(percent)!);
}

/** What the lines come to before this discount. */
function baseStep(pen: Pen, shares: readonly ShareFact[]): Step {
  const words = `${shares.length} ${shares.length === 1 ? 'line' : 'lines'} before it`;
  if (shares.length > SHOWN) return amountStep(pen, words, money(pen, shares.reduce((sum, { base_minor }) => sum + base_minor, 0n)));
  return amountStep(pen, words, sumOf(shares.map(({ base_minor }) => money(pen, base_minor))));
}

/** Usage that is given back; other lines below 0 bear no discount of what is below 0. */
function isBack({ source, of_usage, base_minor }: ShareFact): boolean {
  return source === null && of_usage && base_minor < 0n;
}

/** The lines that a discount on the net is measured by. */
function bearing(chosen: readonly ShareFact[]): readonly ShareFact[] {
  const others = chosen.filter((each) => !isBack(each)).reduce((sum, { base_minor }) => sum + base_minor, 0n);
  return others < 0n ? chosen.filter(isBack) : chosen;
}

/** What is taken of all lines together: never more than the cap, nor than there is. Of usage that is given back a percentage goes, too. */
function netSteps(pen: Pen, lines: readonly ShareFact[], { percent, amount, cap }: Agreement['discounts'][number]): Step[] {
  const base = baseStep(pen, lines);
  const isBelow = lines.reduce((sum, { base_minor }) => sum + base_minor, 0n) < 0n;
  if (percent === null && isBelow) return [base, amountStep(pen, 'nothing is left that the amount could be taken off', '0')];
  const first = percent === null ? amountStep(pen, 'the amount of the discount', amount!)
    : amountStep(pen, `${percentOf(percent)} % of it`, `${base.value} × ${percentOf(percent)} / 100`);
  if (!isBelow) return [base, ...cappedSteps(pen, first, cap, base.value)];
  const second = cap === null ? first : amountStep(pen, `at most ${cap} go back`, `max(${first.value}, -${cap})`);
  return second.value === first.value ? [base, first] : [base, first, second];
}

function cappedSteps(pen: Pen, first: Step, cap: string | null, base: string): Step[] {
  const most = cap === null ? `min(${first.value}, ${base})` : `min(min(${first.value}, ${cap}), ${base})`;
  const second = amountStep(pen, cap === null ? 'but not more than there is' : `at most ${cap}, and not more than there is`, most);
  return second.value === first.value ? [first] : [first, second];
}

/** Line by line, each rounded by itself. */
function lineSteps(pen: Pen, chosen: readonly ShareFact[], { percent, amount, cap }: Agreement['discounts'][number]): Step[] {
  const above = chosen.filter((each) => each.base_minor > 0n || (percent !== null && isBack(each)));
  if (above.length > SHOWN) return [];
  const steps = above.map(({ base_minor, line_key }) => amountStep(pen, `of ${line_key}`, percent === null
    ? `min(${amount!}, ${money(pen, base_minor)})` : `${money(pen, base_minor)} × ${percentOf(percent)} / 100`));
  const all = amountStep(pen, 'together', sumOf(steps.map(({ value }) => value)));
  return cap === null ? [...steps, all] : [...steps, all, amountStep(pen, `at most ${cap}`, all.value.startsWith('-')
    ? `max(${all.value}, -${cap})` : `min(${all.value}, ${cap})`)];
}

/** What falls on the lines with the tax of this line: shares, spread by the largest remainder. */
function shareSteps(pen: Pen, shares: readonly ShareFact[], line: LineFact): Step[] {
  const taken = shares.filter(({ off_minor }) => off_minor !== 0n);
  const own = taken.filter(({ tax_id, rate_micro, exchange_on }) => (
    tax_id === line.tax_id && rate_micro === line.tax_rate_micro && exchange_on === line.exchange_on));
  const taxes = new Set(taken.map(({ tax_id, rate_micro }) => `${tax_id} ${rate_micro}`)).size;
  const rates = new Set(taken.map(({ exchange_on }) => exchange_on)).size;
  const parts = [taxes === 1 ? '' : ` with the tax ${line.tax_id}`, rates === 1 ? '' : ` at the rate of ${line.exchange_on ?? '?'}`];
  const words = taxes + rates === 2 ? 'taken off, as shares of the lines' : `of this on lines${parts.join('')}, as shares of the lines`;
  const formula = own.length > SHOWN ? money(pen, own.reduce((sum, { off_minor }) => sum + off_minor, 0n))
    : sumOf(own.map(({ off_minor }) => money(pen, off_minor)));
  return [amountStep(pen, words, `-(${formula})`)];
}
