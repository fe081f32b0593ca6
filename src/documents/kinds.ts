/** The kinds of lines in words of finance, for summaries. */
import type { LineKind } from '../values/line-kinds.js';

const WORDS: Readonly<Record<LineKind, string>> = {
  booking: 'bookings', usage: 'usage', recurring: 'recurring charges', fee: 'fees', discount: 'discounts', minimum: 'missing to minimums',
  deposit: 'deposits', deposit_applied: 'deposits taken off', deposit_refund: 'deposits given back', manual: 'lines by hand',
  adjustment: 'corrections', carry_over: 'credits carried over',
};

/** "recurring charges" of `recurring`; a kind of the future is told as it is. */
export function kindText(kind: string): string {
  return (WORDS as Readonly<Record<string, string>>)[kind] ?? kind.replaceAll('_', ' ');
}
