/** Pieces of arithmetic, worked out exactly from what they say. */
import { decimalText, evaluate, rounded } from '../values/formula.js';
import type { Rounding } from '../values/formula.js';
import { formatMicro, formatScaled } from '../values/money.js';
import type { Step } from './explain-types.js';

/** How one invoice's amounts are written and rounded. */
export interface Pen {
  readonly exponent: number;
  readonly rounding: 'half_away' | 'half_even';
}

/** Minor units as a decimal; below zero in brackets where `inside` a formula. */
export function money(pen: Pen, minor: bigint, inside = false): string {
  const text = formatScaled(minor, pen.exponent);
  return inside && minor < 0n ? `(${text})` : text;
}

/** Millionths inside a formula. */
export function factor(micro: bigint): string {
  return micro < 0n ? `(${formatMicro(micro)})` : formatMicro(micro);
}

/** A price as it is written: with the decimals of the currency, or more where it has more. */
export function price(pen: Pen, micro: bigint): string {
  const text = formatScaled(micro < 0n ? -micro : micro, 6);
  const [whole = '', fraction = ''] = text.split('.');
  const places = fraction.replace(/0+$/, '').padEnd(pen.exponent, '0');
  const decimal = places === '' ? whole : `${whole}.${places}`;
  return micro < 0n ? `(-${decimal})` : decimal;
}

/** A step that ends in an amount, rounded as the project rounds unless told otherwise. */
export function amountStep(pen: Pen, text: string, formula: string, how: Rounding = pen.rounding): Step {
  return stepWith(text, formula, pen.exponent, how);
}

/** A step that ends in a number with so many decimals at most; trailing zeros are left out. */
export function numberStep(text: string, formula: string, places = 6, how: Rounding = 'half_away'): Step {
  const step = stepWith(text, formula, places, how);
  const value = step.value.includes('.') ? step.value.replace(/\.?0+$/, '') : step.value;
  return { ...step, value };
}

function stepWith(text: string, formula: string, places: number, how: Rounding): Step {
  const exact = evaluate(formula);
  const value = rounded(exact, places, how);
  const isExact = value * exact.under === exact.over * 10n ** BigInt(places);
  return { text, formula, exact: decimalText(exact, places), value: formatScaled(value, places), rounding: isExact ? null : how };
}

/** Steps whose last value is the amount; none where they are not what the models made, so that nothing untrue is told. */
export function provenSteps(pen: Pen, steps: readonly Step[], minor: bigint): readonly Step[] {
  return steps.at(-1)?.value === formatScaled(minor, pen.exponent) ? steps : [];
}

/** Terms of a sum; "0" for none. */
export function sumOf(terms: readonly string[]): string {
  return terms.length === 0 ? '0' : terms.join(' + ').replaceAll('+ -', '- ');
}
