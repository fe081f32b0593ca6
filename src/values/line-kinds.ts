/** The kinds of lines that the models make and the ledger keeps. What tells of lines has a word for each. */

/** In the order in which they stand on an invoice. */
export const LINE_KINDS = [
  'booking', 'usage', 'recurring', 'fee', 'discount', 'minimum', 'deposit', 'deposit_applied', 'deposit_refund', 'manual', 'adjustment',
  'carry_over',
] as const;

export type LineKind = (typeof LINE_KINDS)[number];
