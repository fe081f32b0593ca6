/** Arithmetic as one would do it on paper, with bigint, to hold the SQL against. */

/** n / d rounded to a whole number, ties away from zero or to the even neighbour; d > 0. */
export function roundedQuotient(n: bigint, d: bigint, half: 'half_away' | 'half_even'): bigint {
  const negative = n < 0n;
  const size = negative ? -n : n;
  const [whole, rest] = [size / d, size % d];
  const up = 2n * rest > d || (2n * rest === d && (half === 'half_away' || whole % 2n === 1n));
  const value = whole + (up ? 1n : 0n);
  return negative ? -value : value;
}

/** Quantity times price (millionths each) in minor units of a currency with so many decimals. */
export function lineAmount(quantity_micro: bigint, price_micro: bigint, exponent: number, half: 'half_away' | 'half_even'): bigint {
  return roundedQuotient(quantity_micro * price_micro, 10n ** BigInt(12 - exponent), half);
}
