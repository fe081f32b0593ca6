/** How taxes come about, from the lines as they stand: what is rounded, and once on what. */
import type { Config } from '../config/types.js';
import { formatMicro, formatScaled } from '../values/money.js';
import { amountStep, money, provenSteps, sumOf } from './explain-steps.js';
import type { Pen } from './explain-steps.js';
import type { LineFact } from './explain-facts.js';
import type { ExplainedTax, Step } from './explain-types.js';

/** So many lines are shown as a sum; more are told as theirs. */
const SHOWN = 40;

type Rounds = Config['tax_rounding'];

/** From a price that includes the tax to the amount of the line; none where prices are net. */
export function netSteps(pen: Pen, line: LineFact, lines: readonly LineFact[], rounds: Rounds): readonly Step[] {
  if (line.gross_minor === null) return [];
  if (isKept(line)) {
    const tax = money(pen, line.gross_minor - line.amount_minor, true);
    return [amountStep(pen, 'without the tax in it, as it was billed', `${money(pen, line.gross_minor, true)} - ${tax}`)];
  }
  const rate = formatMicro(line.tax_rate_micro);
  const formula = `${money(pen, line.gross_minor, true)} × 100 / (100 + ${rate})`;
  if (rounds === 'line') return provenSteps(pen, [amountStep(pen, `without the ${rate} % of tax in it`, formula)], line.amount_minor);
  const down = amountStep(pen, `without the ${rate} % of tax in it, rounded down`, formula, 'down');
  if (down.value === formatScaled(line.amount_minor, pen.exponent)) return [down];
  const smallest = formatScaled(1n, pen.exponent);
  const count = lines.filter((each) => sameTax(each, line) && each.gross_minor !== null && !isKept(each)).length;
  const told = `${count} ${count === 1 ? 'line' : 'lines'}`;
  const text = `the net of the ${told} of this tax is rounded once; this line has a part of what is missing`;
  return provenSteps(pen, [down, amountStep(pen, text, `${down.value} + ${smallest}`)], line.amount_minor);
}

function sameTax(a: Pick<LineFact, 'tax_id' | 'tax_rate_micro'>, b: Pick<LineFact, 'tax_id' | 'tax_rate_micro'>): boolean {
  return a.tax_id === b.tax_id && a.tax_rate_micro === b.tax_rate_micro;
}

/** What takes back has the net amount it was billed with, whatever stands beside it. */
function isKept({ gross_minor, correction }: LineFact): boolean {
  return gross_minor !== null && correction !== null && correction !== 'restatement';
}

/** A tax of the invoice. */
export interface TaxSum {
  readonly tax_id: string;
  /** As decimals. */
  readonly rate: string;
  readonly net: string;
  readonly tax: string;
}

/** Each tax of an invoice from its lines. */
export function explainTaxes(pen: Pen, taxes: readonly TaxSum[], lines: readonly LineFact[], rounds: Rounds): ExplainedTax[] {
  return taxes.map((tax) => {
    const own = lines.filter((line) => line.tax_id === tax.tax_id && formatMicro(line.tax_rate_micro) === tax.rate);
    const isCarried = own.some(({ kind, charge_id }) => kind === 'carry_over' && charge_id?.includes(':carried:') === true);
    const all = isCarried ? [amountStep(pen, 'what its lines come to is carried over to the next invoice, with its tax', '0')]
      : rounds === 'line' ? perLine(pen, tax, own) : onSum(pen, tax, own);
    const steps = all.at(-1)?.value === tax.tax ? all : [];
    // An invoice's taxes have more to tell than belongs here.
    const { tax_id, rate, net, tax: due } = tax;
    return { tax_id, rate, net, tax: due, lines: own.map(({ line_no }) => Number(line_no)), steps };
  });
}

function onSum(pen: Pen, { rate }: TaxSum, lines: readonly LineFact[]): Step[] {
  const plain = lines.filter(({ gross_minor }) => gross_minor === null);
  const kept = lines.filter(isKept);
  const gross = lines.filter((line) => line.gross_minor !== null && !isKept(line));
  const steps: Step[] = [];
  const ends: string[] = [];
  if (plain.length > 0 || gross.length + kept.length === 0) {
    const net = total(pen, 'its lines', plain.map(({ amount_minor }) => amount_minor));
    const tax = amountStep(pen, `${rate} % of it, rounded once`, `${signed(net.value)} × ${rate} / 100`);
    steps.push(net, tax);
    ends.push(tax.value);
  }
  if (gross.length > 0) {
    const sum = total(pen, 'its lines with the tax in their prices', gross.map(({ gross_minor }) => gross_minor!));
    const net = amountStep(pen, 'without the tax, rounded once', `${signed(sum.value)} × 100 / (100 + ${rate})`);
    const tax = amountStep(pen, 'the tax is the rest', `${signed(sum.value)} - ${signed(net.value)}`);
    steps.push(sum, net, tax);
    ends.push(tax.value);
  }
  if (kept.length > 0) {
    const tax = total(pen, 'the tax in what is taken back, as it was billed', kept.map((line) => line.gross_minor! - line.amount_minor));
    steps.push(tax);
    ends.push(tax.value);
  }
  return ends.length > 1 ? [...steps, amountStep(pen, 'together', sumOf(ends))] : steps;
}

function signed(value: string): string {
  return value.startsWith('-') ? `(${value})` : value;
}

function total(pen: Pen, words: string, amounts: readonly bigint[]): Step {
  const isLong = amounts.length > SHOWN;
  const formula = isLong ? money(pen, amounts.reduce((sum, each) => sum + each, 0n)) : sumOf(amounts.map((each) => money(pen, each)));
  return amountStep(pen, `${words} (${amounts.length})`, formula);
}

/** Where the issuer rounds the tax of every line by itself. */
function perLine(pen: Pen, { rate }: TaxSum, lines: readonly LineFact[]): Step[] {
  const taxes = lines.map((line) => (line.gross_minor === null
    ? amountStep(pen, `line ${line.line_no}`, `${money(pen, line.amount_minor, true)} × ${rate} / 100`)
    : amountStep(pen, `line ${line.line_no}`, `${money(pen, line.gross_minor, true)} - ${money(pen, line.amount_minor, true)}`)));
  const sum = amountStep(pen, `the taxes of ${lines.length} lines`, sumOf(taxes.map(({ value }) => value)));
  return [...(lines.length > SHOWN ? [] : taxes), sum];
}
