/** The kinds of lines in words of finance, for summaries. */
const WORDS: Readonly<Record<string, string>> = {
  booking: 'bookings', usage: 'usage', recurring: 'recurring charges', fee: 'fees', discount: 'discounts', minimum: 'missing to minimums',
  deposit: 'deposits',
  deposit_applied: 'deposits taken off', manual: 'lines by hand', adjustment: 'corrections', carry_over: 'credits carried over',
};

/** "recurring charges" of `recurring`; a kind of the future is told as it is. */
export function kindText(kind: string): string {
  return WORDS[kind] ?? kind.replaceAll('_', ' ');
}
