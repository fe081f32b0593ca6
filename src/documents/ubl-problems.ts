/** What an invoice lacks to be an e-invoice, before anything is written. Rules and terms (BT-…, BG-…) are those of EN 16931-1. */
import { formatScaled } from '../values/money.js';
import { cleanOr } from './clean.js';
import { allowanceSum, figures, vatId } from './ubl-parts.js';
import type { InvoiceRecord } from './types.js';
import type { UblFigures, UblTax } from './ubl-parts.js';

const CATEGORIES = new Set(['S', 'Z', 'E', 'AE', 'K', 'G', 'O', 'L', 'M']);
/** Categories with a rate above nought. */
const TAXED = new Set(['S', 'L', 'M']);
const COUNTRY = /^[A-Za-z]{2}$/;
const LETTERS = 'to two letters (ISO 3166-1)';

/** Each missing or impossible term in a sentence with its remedy; empty where `ublXml` can write. */
export function ublProblems(record: InvoiceRecord): string[] {
  return examine(record).found;
}

/** The same, with the numbers it looked at; null where the record is not even complete. */
export function examine(record: InvoiceRecord): { readonly found: string[]; readonly numbers: UblFigures | null } {
  const found = [...documentProblems(record), ...partyProblems(record)];
  const known = new Set(record.taxes.map((tax) => tax.tax_id));
  for (const line of record.lines) {
    if (!known.has(line.tax_id)) found.push(`line ${line.line_no}: the invoice has no tax "${line.tax_id}" (BT-151)`);
  }
  if (found.length > 0) return { found, numbers: null };
  const numbers = figures(record);
  for (const tax of numbers.taxes) found.push(...taxProblems(record, tax));
  if (numbers.taxes.length > 1 && numbers.taxes.some((tax) => tax.category === 'O')) {
    found.push('category O (not subject to VAT) cannot stand beside other taxes on one invoice (BR-O-11): invoice it separately');
  }
  return { found: [...found, ...sumProblems(numbers)], numbers };
}

function documentProblems(record: InvoiceRecord): string[] {
  const found: string[] = [];
  if (cleanOr(record.number) === '') found.push('BT-1 invoice number: a preview has none; an e-invoice is written after confirmation');
  if (record.lines.length === 0) found.push('BG-25: the invoice has no line');
  if (record.period_end < record.period_start) found.push('BG-14: the period ends before it starts');
  return found;
}

function partyProblems({ seller, buyer }: InvoiceRecord): string[] {
  const found: string[] = [];
  const customer = `customers.${cleanOr(buyer.customer_id)}`;
  if (cleanOr(seller.name) === '') found.push('BT-27 seller name: set issuer.name');
  if (!COUNTRY.test(seller.address.country)) found.push(`BT-40 seller country code: set issuer.address.country ${LETTERS}`);
  if (cleanOr(buyer.name) === '') found.push(`BT-44 buyer name: set ${customer}.name`);
  if (buyer.address === null) found.push(`BT-55 buyer country code: the customer has no address; set ${customer}.address`);
  else if (!COUNTRY.test(buyer.address.country)) found.push(`BT-55 buyer country code: set ${customer}.address.country ${LETTERS}`);
  return found;
}

function taxProblems(record: InvoiceRecord, tax: UblTax): string[] {
  const { seller, buyer } = record;
  const found: string[] = [];
  const say = (text: string): void => void found.push(`tax category ${tax.category}: ${text}`);
  if (!CATEGORIES.has(tax.category)) return [`BT-118: "${tax.category}" is not a tax category; write one of ${[...CATEGORIES].join(', ')}`];
  const zero = !/[1-9]/.test(tax.rate);
  if (tax.category === 'S' && zero) say('the rate must be above 0 (BR-S-05); use Z, E, AE, K, G or O for no tax');
  if (!TAXED.has(tax.category) && !zero) say(`the rate must be 0, it is ${tax.rate}`);
  if (tax.category === 'E' && tax.notes.length === 0) say('BT-120 exemption reason: give the tax a note');
  const sellerVat = vatId(seller.tax_id, seller.address.country);
  const buyerVat = vatId(buyer.tax_id, buyer.address?.country);
  if (tax.category !== 'O' && cleanOr(seller.tax_id) === '') say('BT-31 seller VAT identifier: set issuer.tax_id');
  else if ((tax.category === 'K' || tax.category === 'G') && sellerVat === null) {
    say('BT-31 seller VAT identifier: issuer.tax_id must begin with the country, such as DE811907980');
  }
  if ((tax.category === 'AE' || tax.category === 'K') && buyerVat === null) {
    say(`BT-48 buyer VAT identifier: set customers.${cleanOr(buyer.customer_id)}.tax_id, with the country before it`);
  }
  return found;
}

/** BR-CO-10 to 17, and the sums per category (BR-S-08 and its like). Ours to keep: a finding here is no fault of the user. */
function sumProblems(numbers: UblFigures): string[] {
  const { lines, allowances, gross_lines, taxes, net, tax, total, places } = numbers;
  const found: string[] = [];
  const same = (what: string, is: bigint, should: bigint): void => {
    if (is !== should) found.push(`${what}: ${formatScaled(is, places)} instead of ${formatScaled(should, places)}`);
  };
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);
  same('BR-CO-10, BR-CO-13 sum of the lines', gross_lines - allowanceSum(numbers, false) + allowanceSum(numbers, true), net);
  same('BR-CO-14 sum of the taxes', sum(taxes.map((each) => each.tax)), tax);
  same('BR-CO-15 total with tax', net + tax, total);
  for (const each of taxes) {
    const own = lines.filter((line) => line.category === each.category && line.rate === each.rate);
    const off_lines = allowances.filter((line) => line.category === each.category && line.rate === each.rate)
      .map((line) => (line.charge ? line.amount : -line.amount));
    same(`taxable amount of ${each.category} ${each.rate} %`, sum([...own.map((line) => line.amount), ...off_lines]), each.net);
    // The official check of BR-CO-17 lets one whole unit of the currency pass, so that tax may be rounded line by line.
    const scale = 10n ** BigInt(places);
    const [whole = '0', part = ''] = each.rate.split('.');
    const exact = each.net * BigInt(whole + part);
    const off = each.tax * 100n * 10n ** BigInt(part.length) - exact;
    if ((off < 0n ? -off : off) >= scale * 100n * 10n ** BigInt(part.length)) {
      found.push(`BR-CO-17 tax of ${each.category} ${each.rate} %: ${formatScaled(each.tax, places)} on ${formatScaled(each.net, places)}`);
    }
  }
  for (const line of lines) {
    if (!taxes.some((each) => each.category === line.category && each.rate === line.rate)) {
      found.push(`line ${line.line.line_no}: no tax ${line.category} ${line.rate} % on the invoice`);
    }
  }
  return found;
}
