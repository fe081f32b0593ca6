/** From an invoice record to what the reader sees; see `view-types.ts`. Pure: the same record gives the same view. */
import { addressLines } from './address.js';
import { clean, cleanOr, shorten } from './clean.js';
import { exponentOf, parseDecimal } from '../values/money.js';
import { fill, labelsOf } from './labels.js';
import { formatDate, formatMoney, formatNumber, formatPercent, formatPeriod, formatService, localeFormat } from './locale.js';
import type { Labels } from './labels.js';
import type { LocaleFormat } from './locale.js';
import { unitText } from './units.js';
import type { InvoiceLineRecord, InvoiceRecord, InvoiceTaxRecord, OriginalRecord } from './types.js';
import type { AccountedTaxView, BuyerView, FactView, InvoiceView, LineView, PaymentView, SellerView, TaxView } from './view-types.js';

/** So many lines stand in a mail; the rest is told as a number. 60 lines stay well under the 102 KB at which Gmail cuts a mail. */
export const MAIL_LINES = 60;
/** So many characters of a description stand in a mail. */
export const MAIL_DESCRIPTION = 160;

interface Pen {
  readonly record: InvoiceRecord;
  readonly format: LocaleFormat;
  readonly labels: Labels;
  readonly money: (decimal: string) => string;
  readonly date: (date: string) => string;
  /** Products that have a line of usage. */
  readonly priced: ReadonlySet<string | null>;
}

/** An object without a prototype: templates reach what is there and nothing else. */
export function bare<T extends object>(value: T): T {
  return Object.assign(Object.create(null) as T, value);
}

/**
 * What is shown of an invoice, a credit note or a preview. Amounts are shown with the sign they were recorded with.
 * `mailLines` limits the lines of the mail, see {@link MAIL_LINES}.
 */
export function invoiceView(record: InvoiceRecord, mailLines = MAIL_LINES): InvoiceView {
  const format = localeFormat(record.locale);
  const labels = labelsOf(format);
  const pen: Pen = {
    record, format, labels,
    money: (decimal) => formatMoney(format, decimal, record.currency, record.exponent),
    date: (date) => formatDate(format, date),
    priced: new Set(record.lines.flatMap((line) => (line.kind === 'usage' ? [line.product] : []))),
  };
  const lines = record.lines.map((line) => lineView(pen, line));
  const seller = sellerView(pen);
  const buyer = buyerView(pen);
  const heading = record.kind === 'credit_note' ? labels.credit_note : labels.invoice;
  const number = record.number === null ? labels.preview : clean(record.number);
  const title = record.number === null ? `${heading} (${labels.preview})` : `${heading} ${number}`;
  const words = bare({ number, title, period: formatPeriod(format, record.period_start, record.period_end) });
  const more = Math.max(0, lines.length - mailLines);
  return bare({
    locale: format.locale, language: format.language, paper: format.paper, labels,
    invoice_id: clean(record.invoice_id), batch_id: clean(record.batch_id), kind: record.kind,
    is_credit_note: record.kind === 'credit_note', is_preview: record.status === 'preview', is_void: record.status === 'void',
    watermark: { preview: labels.preview_watermark, void: labels.void_watermark, processed: '' }[record.status],
    status_note: {
      preview: labels.preview_note, void: record.kind === 'credit_note' ? labels.void_credit_note : labels.void_note, processed: '',
    }[record.status],
    heading, title, number,
    issued_on: pen.date(record.issued_on), due_on: pen.date(record.due_on), period: words.period, currency: clean(record.currency),
    purchase_order: cleanOr(record.buyer.purchase_order),
    brand: record.partner === null ? seller.name : clean(record.partner.name),
    seller, buyer,
    facts: facts(pen, number, words.period, buyer),
    lines, wide_lines: isWide(lines),
    mail_lines: mailLineViews(lines, mailLines),
    more_lines: more === 0 ? '' : fill(labels.more_lines, { count: String(more), title }),
    taxes: record.taxes.map((tax) => taxView(pen, tax)),
    notes: [...new Set([...ownNotes(pen), ...record.taxes.map((tax) => cleanOr(tax.note))])].filter((note) => note !== ''),
    net: pen.money(record.net), tax: pen.money(record.tax), total: pen.money(record.total),
    accounted_tax: accountedTaxView(pen),
    payment: paymentView(pen, number, seller),
    ...letter(pen, words, seller),
  });
}

/** What a credit note corrects, and why where somebody gave it by hand; else the note of the invoice. */
function ownNotes({ record, labels, date }: Pen): string[] {
  const note = cleanOr(record.note);
  if (record.kind !== 'credit_note' || record.corrects.length === 0) return [note];
  const told = record.corrects.map(({ number, issued_on }) => (
    fill(labels.credit_for, { number: clean(number), date: date(issued_on) }))).join('; ');
  const byHand = record.lines.every(({ corrects }) => corrects?.correction === 'credit' || corrects?.correction === 'reissue');
  return byHand && note !== '' ? [`${told}: ${note}`] : [told, note];
}

function sellerView({ record: { buyer, seller } }: Pen): SellerView {
  const address = addressLines(seller.address, buyer.address);
  const name = clean(seller.name);
  return bare({
    name, address, address_line: [name, ...address].join(' · '),
    tax_id: cleanOr(seller.tax_id), registration: cleanOr(seller.registration), email: cleanOr(seller.email),
    phone: cleanOr(seller.phone), website: cleanOr(seller.website),
    bank: seller.bank === undefined ? null
      : bare({ name: cleanOr(seller.bank.name), iban: groupIban(seller.bank.iban), bic: cleanOr(seller.bank.bic) }),
  });
}

function buyerView({ record: { buyer, seller }, labels }: Pen): BuyerView {
  const contact = cleanOr(buyer.contact);
  return bare({
    name: clean(buyer.name), address: addressLines(buyer.address, seller.address), tax_id: cleanOr(buyer.tax_id),
    customer_id: clean(buyer.customer_id), attention: contact === '' ? '' : fill(labels.attention, { name: contact }),
  });
}

function facts({ record, labels, date }: Pen, number: string, period: string, buyer: BuyerView): FactView[] {
  const credit = record.kind === 'credit_note';
  const rows: [string, string][] = [
    [credit ? labels.credit_number : labels.invoice_number, number],
    [labels.issued_on, date(record.issued_on)],
    [labels.corrected_invoice, credit ? record.corrects.map(({ number }) => clean(number)).join(', ') : ''],
    [labels.period, period],
    [labels.customer_id, buyer.customer_id],
    [labels.purchase_order, cleanOr(record.buyer.purchase_order)],
    [labels.due_on, credit || sign(record.total) <= 0 ? '' : date(record.due_on)],
  ];
  return rows.filter(([, value]) => value !== '').map(([label, value]) => bare({ label, value }));
}

function lineView(pen: Pen, line: InvoiceLineRecord): LineView {
  const { record, format, labels, money } = pen;
  const quantity = formatNumber(format, line.quantity);
  const unit = unitText(format, cleanOr(line.unit), line.quantity);
  const bare_price = line.unit_price === null ? '' : formatMoney(format, line.unit_price, record.currency, record.exponent);
  const price = bare_price === '' || line.gross === null ? bare_price : `${bare_price} ${labels.with_tax}`;
  const service = formatService(format, line.service_start, line.service_end);
  const counted = unit === '' ? quantity : `${quantity} ${unit}`;
  const plain = line.quantity === '1' && unit === '';
  const told = plain && line.gross === null && price !== '' && sameAmount(line.unit_price!, line.amount);
  const uncounted = (plain || (line.quantity === '-1' && unit === '')) && price === '' && UNCOUNTED.has(line.kind);
  const split = record.taxes.length > 1 && uncounted;
  const byTax = split ? `${labels.tax} ${formatPercent(format, line.tax_rate)}` : '';
  const below = isPricedBelow(pen, line) ? labels.counted_below : '';
  const detail = below !== '' ? [...(plain ? [] : [counted]), below].join(' · ')
    : price !== '' && !told ? `${counted} × ${price}` : plain || uncounted ? byTax : counted;
  const reference = [
    line.booking_id === null ? '' : fill(labels.reference, { id: clean(line.booking_id) }), correctionText(pen, line),
    exchangeText(record, line),
  ].filter((part) => part !== '').join(' · ');
  const late = line.late ? labels.late : '';
  return bare({
    position: String(line.line_no), kind: line.kind,
    description: wordsOf(pen, line) || cleanOr(line.product),
    reference, service, quantity: uncounted ? '' : quantity, unit, unit_price: below || price, detail,
    tax_rate: formatPercent(format, line.tax_rate), amount: money(line.amount), late,
    small: [service, detail, reference, late].filter((part) => part !== '').join(' · '),
  });
}

/** A booking that is measured bears no amount: the usage of its product, further down, does. */
function isPricedBelow({ priced }: Pen, { kind, product, unit_price, amount }: InvoiceLineRecord): boolean {
  return kind === 'booking' && unit_price === null && sign(amount) === 0 && priced.has(product);
}

/** Lines that are an amount and nothing counted. */
const UNCOUNTED: ReadonlySet<string> = new Set(['discount', 'carry_over', 'deposit_applied', 'deposit_refund', 'adjustment']);

/** Which line it corrects, and how; of which invoice, where the document does not say it of all its lines. */
function correctionText({ record, labels }: Pen, { kind, corrects }: InvoiceLineRecord): string {
  if (corrects === null) return '';
  if (kind !== 'adjustment') return fill(labels.line_billed_before, { number: clean(corrects.number) });
  if (corrects.line_no === null) return '';
  const line = fill(labels.corrected_line, { line: String(corrects.line_no) });
  const place = record.kind === 'credit_note' && record.corrects.length === 1 ? line : `${clean(corrects.number)}, ${line}`;
  if (corrects.correction === 'reversal') return fill(labels.line_taken_back, { place });
  return corrects.correction === 'restatement' ? fill(labels.line_as_now, { place }) : place;
}

/** Words of ours are in the language of the document, those of others as they are. What corrects a line bears that line's words. */
function wordsOf({ labels, date }: Pen, { kind: own, description, amount, corrects }: InvoiceLineRecord): string {
  const kind = own === 'adjustment' ? corrects?.kind ?? own : own;
  if (kind === 'adjustment' && corrects !== null && corrects.line_no === null) {
    return sign(amount) > 0 ? labels.credited_before : labels.amount_credited;
  }
  if (kind === 'deposit_applied' || kind === 'deposit_refund') {
    const [, name = description, on = ''] = /^(?:Deducted|Refunded): (.*) (\d{4}-\d\d-\d\d)$/.exec(description) ?? [];
    return fill(labels[kind], { name: clean(name), date: on === '' ? '' : date(on) });
  }
  if (kind !== 'carry_over') return clean(description);
  const from = /\d{4}-\d\d-\d\d$/.exec(description);
  return from === null ? labels.carried_out : fill(labels.carried_in, { date: date(from[0]) });
}

/** What a line was before it was converted, in signs: `2.5 × €95.00 = €237.50 × 1.0870 (ECB, 1 May 2026)`; or ''. */
export function exchangeText({ locale }: Pick<InvoiceRecord, 'locale'>, { original, gross, quantity, unit }: InvoiceLineRecord): string {
  if (original === null || sign(original.amount) === 0) return '';
  const { currency, amount, unit_price, rate, on, source } = original;
  const format = localeFormat(locale);
  const counted = `${formatNumber(format, quantity)} ${unitText(format, cleanOr(unit), quantity)}`.trimEnd();
  const money = (decimal: string): string => formatMoney(format, decimal, currency, exponentOf(currency));
  const isCounted = unit_price !== null && quantity !== '1' && quantity !== '-1';
  const isProduct = isCounted && isRounded(quantity, unit_price, amount, exponentOf(currency));
  const priced = isProduct ? `${counted} × ${money(unit_price)} = ` : '';
  const whole = gross === null ? money(amount) : `${money(amount)} ${labelsOf(format).with_tax}`;
  return `${priced}${whole} ${rateText(format, { rate, source, on })}`;
}

/** Whether an amount is quantity × price, rounded: what has an amount of its own besides a price is not. */
function isRounded(quantity: string, price: string, amount: string, exponent: number): boolean {
  const unit = 10n ** BigInt(12 - exponent);
  const off = parseDecimal(quantity)! * parseDecimal(price)! - parseDecimal(amount, exponent)! * unit;
  return 2n * (off < 0n ? -off : off) <= unit;
}

function sameAmount(a: string, b: string): boolean {
  const trim = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return trim(a) === trim(b);
}

/** Characters that the columns of date, quantity, price and amount may take together, before little is left for the description. */
const NUMBERS_WIDTH = 52;

function isWide(lines: readonly LineView[]): boolean {
  const widest = (text: (line: LineView) => string): number => lines.reduce((most, line) => Math.max(most, text(line).length), 0);
  return widest((line) => line.service) + widest((line) => `${line.quantity} ${line.unit}`) + widest((line) => line.unit_price)
    + widest((line) => line.amount) > NUMBERS_WIDTH;
}

function mailLineViews(lines: readonly LineView[], limit: number): readonly LineView[] {
  if (lines.length <= limit && lines.every((line) => line.description.length <= MAIL_DESCRIPTION)) return lines;
  return lines.slice(0, limit).map((line) => bare({ ...line, description: shorten(line.description, MAIL_DESCRIPTION) }));
}

function taxView({ format, labels, money }: Pen, tax: InvoiceTaxRecord): TaxView {
  const name = clean(tax.name);
  const rate = formatPercent(format, tax.rate);
  const tells = name.includes('%') || sign(tax.rate) === 0;
  const net = money(tax.net);
  return bare({ name, rate, label: tells ? name : `${name} ${rate}`, net, on_net: fill(labels.on_net, { net }), tax: money(tax.tax) });
}

function accountedTaxView({ record: { accounted_tax: told }, format, labels }: Pen): AccountedTaxView | null {
  if (told === null) return null;
  return bare({
    label: fill(labels.tax_in, { currency: clean(told.currency) }), rate: rateText(format, told),
    tax: formatMoney(format, told.tax, told.currency, exponentOf(told.currency)),
  });
}

/** A rate as it was published, with its source and day. */
function rateText(format: LocaleFormat, { rate, source, on }: Pick<OriginalRecord, 'rate' | 'source' | 'on'>): string {
  const places = rate.split('.')[1]?.length ?? 0;
  return `× ${formatNumber(format, rate, places)} (${clean(source)}, ${formatDate(format, on, true)})`;
}

/** Payment is asked for only by a processed invoice with something left to pay. */
function paymentView(pen: Pen, number: string, seller: SellerView): PaymentView {
  const { record, labels, money, date } = pen;
  const due = sign(record.total);
  const words = { total: money(due < 0 ? record.total.replace('-', '') : record.total), due: date(record.due_on), number };
  const early = earlySentence(pen);
  if (record.status === 'void') return bare({ sentence: labels.not_payable, early: '', rows: [] });
  if (due === 0) return bare({ sentence: labels.nothing_due, early: '', rows: [] });
  if (record.kind === 'credit_note' || due < 0) return bare({ sentence: fill(labels.credited, words), early: '', rows: [] });
  if (record.status === 'preview') return bare({ sentence: fill(labels.pay_preview, words), early, rows: [] });
  const bank = seller.bank;
  const rows: [string, string][] = bank === null ? [] : [
    [labels.account_holder, seller.name], [labels.bank, bank.name], [labels.iban, bank.iban], [labels.bic, bank.bic],
    [labels.payment_reference, number],
  ];
  return bare({
    sentence: fill(labels.pay, words),
    early,
    rows: rows.filter(([, value]) => value !== '').map(([label, value]) => bare({ label, value })),
  });
}

function earlySentence({ record, format, labels, money, date }: Pen): string {
  const early = record.early_payment;
  if (early === null) return '';
  return fill(labels.early, {
    until: date(early.until), percent: formatPercent(format, early.percent), discount: money(early.discount), payable: money(early.payable),
  });
}

type Letter = Pick<InvoiceView, 'greeting' | 'intro' | 'questions'>;

function letter({ record, labels }: Pen, words: Readonly<Record<string, string>>, seller: SellerView): Letter {
  const contact = cleanOr(record.buyer.contact);
  const intro = record.status === 'preview' ? labels.intro_preview : record.kind === 'credit_note' ? labels.intro_credit : labels.intro;
  const email = cleanOr(record.partner?.email) || seller.email;
  return {
    greeting: contact === '' ? labels.greeting : fill(labels.greeting_name, { name: contact }),
    intro: fill(intro, words),
    questions: email === '' ? '' : fill(labels.questions, { email }),
  };
}

/** -1, 0 or 1 of a decimal string. */
function sign(decimal: string): number {
  if (!/[1-9]/.test(decimal)) return 0;
  return decimal.startsWith('-') ? -1 : 1;
}

/** `DE89 3704 0044 0532 0130 00`, as ISO 13616 prints it. */
export function groupIban(iban: string): string {
  return clean(iban).replace(/\s+/g, '').replace(/(.{4})(?=.)/g, '$1 ');
}
