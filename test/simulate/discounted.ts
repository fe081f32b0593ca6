/** What must hold of discounts, whatever became of the lines they lie on: what stands of them is their percentage of what stands of those. */
import type { Spec } from '../support/project.js';
import type { Line } from './witness-rows.js';

/** In the order in which they are taken: one on each line of a product, one on what is left of everything. */
export const DISCOUNTS: readonly Spec[] = [
  { name: 'Visits', percent: '20', on: 'line', products: ['visit'] }, { name: 'Loyalty', percent: '10' },
];
const LEFT: Readonly<Record<string, number>> = { '1%20l': 0.8, '2%10': 0.9 };

/** What part of a line comes off. */
function rateOf(discounts: string | null): number {
  return discounts === null ? 0 : 1 - discounts.split(' ').reduce((left, each) => left * LEFT[each]!, 1);
}

/** What an invoice is about: what must have come off it by now, what did, and what rounding may have done. */
interface Tally { due: number; off: number; roundings: number; plain: boolean }

/**
 * Of standing lines in the order of their commits, what is taken back first within one document. An invoice with a line that is not above
 * zero is left out: on such a line nothing is given, and what is given on the sum depends on all.
 */
export function flawsOfDiscounts(lines: readonly Line[]): string[] {
  const tallies = new Map<string, Tally>();
  const of = (invoice: string): Tally => {
    const found = tallies.get(invoice) ?? { due: 0, off: 0, roundings: 2, plain: true };
    tallies.set(invoice, found);
    return found;
  };
  /** By booking, or by place of a charge: the invoice it is on, and what part of it comes off. */
  const owners = new Map<string, { readonly invoice: string; readonly rate: number }>();
  for (const line of lines) {
    const first = line.kind === 'booking' || line.kind === 'recurring';
    const key = line.booking !== null ? `${line.source!}/${line.booking}` : first ? `${line.invoice} ${line.no}` : `${line.corrects} ${line.corrects_no}`;
    if (first) owners.set(key, { invoice: line.invoice, rate: rateOf(line.discounts) });
    const owner = owners.get(key);
    const origin = line.kind === 'discount' ? line.invoice : line.booking !== null ? null : /:(inv_\w+):\d+$/.exec(line.charge ?? '')?.[1] ?? /^(inv_\w+):.*:discount:/.exec(line.charge ?? '')?.[1] ?? null;
    if (origin !== null) {
      of(origin).off += Number(line.amount);
      of(origin).roundings += 2;
    } else if (owner !== undefined) {
      const tally = of(owner.invoice);
      tally.due += Number(line.amount) * owner.rate;
      tally.roundings += 2;
      if (line.amount <= 0n && (first || line.correction === 'restatement')) tally.plain = false;
    }
  }
  return [...tallies].filter(([, { plain, due, off, roundings }]) => plain && Math.abs(due + off) > roundings)
    .map(([invoice, { due, off }]) => `discounts of ${invoice} come to ${off} by now, and ${-due.toFixed(1)} is what stands of their lines`);
}
