/** Invoices as records for documents and `--json`: read from the draft or from the ledger, by one pair of queries. */
import { isoLocal } from '../calendar/calendar.js';
import type { Config, Issuer } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { invoiceStatusSql } from '../ledger/lifecycle.js';
import type {
  AccountedTaxRecord, Buyer, CorrectedInvoice, EarlyPaymentRecord, InvoiceLineRecord, InvoiceRecord, InvoiceTaxRecord, LineCorrection,
} from '../documents/types.js';
import { groupBy } from '../values/group.js';
import { formatMicro, formatMinor, formatScaled } from '../values/money.js';
import { addDays } from '../values/time.js';

interface InvoiceRow {
  invoice_id: string; number: string | null; kind: 'invoice' | 'credit_note'; status: 'preview' | 'processed' | 'void'; customer_id: string;
  batch_id: string; partner_id: string | null; cycle_id: string; period_start: bigint; period_end: bigint; timezone: string; locale: string;
  billing_date: string; issued_on: string; due_on: string; currency: string; exponent: number;
  net_minor: bigint; tax_minor: bigint; total_minor: bigint; seller_id: string | null; buyer_id: string | null;
  purchase_order: string | null; note: string | null; customer_name: string; early_percent_micro: bigint | null; early_days: number | null;
  tax_currency: string | null; tax_currency_minor: bigint | null; tax_exchange_rate: string | null; tax_exchange_on: string | null;
  tax_exchange_source: string | null;
  /** The commit in which it stands with its lines; null in a draft. */
  serial: bigint | null;
}

interface LineRow {
  invoice_id: string; line_no: bigint; kind: string; booking_id: string | null;
  product: string | null; description: string; unit: string | null;
  quantity_micro: bigint; unit_price_micro: bigint | null; amount_minor: bigint; gross_minor: bigint | null;
  original_currency: string | null; original_minor: bigint | null; original_price_micro: bigint | null; exchange_rate: string | null;
  exchange_on: string | null; exchange_source: string | null;
  tax_id: string; tax_rate_micro: bigint;
  service_start: bigint | null; service_end: bigint | null; late: boolean;
  corrects_invoice_id: string | null; corrects_line_no: bigint | null; correction: string | null;
}

interface TaxRow {
  invoice_id: string; tax_id: string; name: string; category: string; rate_micro: bigint; note: string | null;
  net_minor: bigint; tax_minor: bigint;
}

/** The seller's and partner's half of a record that stays the same for all invoices of a configuration. */
export interface Parties {
  readonly seller: Issuer;
  readonly partner: InvoiceRecord['partner'];
  readonly buyer: Buyer;
}

const FIELDS = `i.invoice_id, i.kind, i.customer_id, i.batch_id, i.partner_id, i.cycle_id, epoch_ms(i.period_start) AS period_start,
  epoch_ms(i.period_end) AS period_end, i.timezone, i.locale, CAST(i.billing_date AS VARCHAR) AS billing_date,
  CAST(i.issued_on AS VARCHAR) AS issued_on, CAST(i.due_on AS VARCHAR) AS due_on, i.currency, i.exponent, i.purchase_order, i.note,
  i.early_percent_micro, i.early_days, i.tax_currency, i.tax_currency_minor, i.tax_exchange_rate,
  CAST(i.tax_exchange_on AS VARCHAR) AS tax_exchange_on, i.tax_exchange_source,
  CAST(i.net_minor AS HUGEINT) AS net_minor, CAST(i.tax_minor AS HUGEINT) AS tax_minor, CAST(i.total_minor AS HUGEINT) AS total_minor`;

/** Draft invoices with their lines, in their order. `where` is SQL over `i` (draft.invoices). */
export async function draftRecords(engine: Engine, config: Config, where: string): Promise<InvoiceRecord[]> {
  const invoices = await engine.rows<InvoiceRow>(`
    SELECT ${FIELDS}, NULL AS number, 'preview' AS status, i.customer_name, NULL AS seller_id, NULL AS buyer_id,
      NULL AS serial
    FROM draft.invoices AS i WHERE ${where} ORDER BY i.invoice_key`);
  const customers = new Map(config.customers.map((customer) => [customer.customer_id, customer]));
  const partners = new Map(config.partners.map((partner) => [partner.partner_id, partner]));
  return assemble(engine, 'draft', invoices, (row) => {
    const customer = customers.get(row.customer_id)!;
    return { seller: config.issuer, ...buyerParties(customer, partners.get(customer.partner_id ?? '')) };
  });
}

/** Committed invoices with their lines, by number. `where` is SQL over `i` (ledger.invoices). */
export async function ledgerRecords(engine: Engine, where: string): Promise<InvoiceRecord[]> {
  const invoices = await engine.rows<InvoiceRow>(`
    SELECT ${FIELDS}, i.number, ${invoiceStatusSql('i.invoice_id')} AS status, i.customer_name, i.seller_id, i.buyer_id, i.serial
    FROM ledger.invoices AS i WHERE ${where} ORDER BY i.serial, i.series, i.seq`);
  // By themselves, for a join of few rows takes longer to plan than it takes to ask.
  const ids = [...new Set(invoices.flatMap(({ seller_id, buyer_id }) => [seller_id!, buyer_id!]))].sort().map(literal).join(', ');
  const parties = new Map((ids === '' ? [] : await engine.rows<{ party_id: string; party: string }>(
    `SELECT party_id, party FROM ledger.parties WHERE party_id IN (${ids}) ORDER BY party_id`)).map((row) => [row.party_id, row.party]));
  return assemble(engine, 'ledger', invoices, (row) => {
    const { buyer, partner } = JSON.parse(parties.get(row.buyer_id!)!) as Pick<Parties, 'buyer' | 'partner'>;
    // Of who was forgotten there is a word in place of the name.
    const name = buyer.name === '' ? row.customer_name : buyer.name;
    return { seller: JSON.parse(parties.get(row.seller_id!)!) as Issuer, buyer: { ...buyer, name }, partner };
  });
}

/** What the ledger keeps of a customer beside the invoice, and what a preview shows of it. */
export function buyerParties(
  customer: Config['customers'][number], partner: Config['partners'][number] | undefined,
): Pick<Parties, 'buyer' | 'partner'> {
  return {
    buyer: {
      customer_id: customer.customer_id, name: customer.name, email: customer.email, address: customer.address, tax_id: customer.tax_id,
      contact: customer.contact, purchase_order: customer.purchase_order,
      ...(customer.buyer_reference === undefined ? {} : { buyer_reference: customer.buyer_reference }),
      ...(customer.electronic_address === undefined ? {} : { electronic_address: customer.electronic_address }),
    },
    partner: partner === undefined ? null : { partner_id: partner.partner_id, name: partner.name, email: partner.email },
  };
}

async function assemble(
  engine: Engine, schema: 'draft' | 'ledger', invoices: readonly InvoiceRow[], partiesOf: (row: InvoiceRow) => Parties,
): Promise<InvoiceRecord[]> {
  if (invoices.length === 0) return [];
  const ids = `(${invoices.map((invoice) => literal(invoice.invoice_id)).join(', ')})`;
  // A few customers' bookings, or commits, can be picked while the files are read; an id that is computed from them cannot.
  const serials = [...new Set(invoices.map(({ serial }) => serial))].join(', ');
  const customers = schema === 'draft' ? await engine.rows<{ customer_key: number }>(
    `SELECT DISTINCT customer_key FROM draft.invoices WHERE invoice_id IN ${ids} ORDER BY customer_key`) : [];
  const of = schema === 'draft' ? `customer_key IN (${customers.map((row) => row.customer_key).join(', ')})` : `serial IN (${serials})`;
  const lines = groupBy(await engine.rows<LineRow>(`
    SELECT invoice_id, line_no, kind, booking_id, product, description, unit, quantity_micro, unit_price_micro, amount_minor,
      CAST(gross_minor AS BIGINT) AS gross_minor, original_currency, original_minor, original_price_micro, exchange_rate,
      CAST(exchange_on AS VARCHAR) AS exchange_on, exchange_source, tax_id,
      tax_rate_micro, epoch_ms(service_start) AS service_start, epoch_ms(service_end) AS service_end, late,
      corrects_invoice_id, corrects_line_no, correction
    FROM ${schema}.invoice_lines WHERE invoice_id IN ${ids} AND ${of} ORDER BY invoice_id, line_no`), byInvoice);
  const taxes = groupBy(await engine.rows<TaxRow>(`SELECT invoice_id, tax_id, name, category, rate_micro, note,
      CAST(net_minor AS HUGEINT) AS net_minor, CAST(tax_minor AS HUGEINT) AS tax_minor
    FROM ${schema}.invoice_taxes WHERE invoice_id IN ${ids} ${schema === 'draft' ? '' : `AND ${of}`}
    ORDER BY invoice_id, tax_id, rate_micro`), byInvoice);
  const corrected = await correctedInvoices(engine, [...lines.values()].flat());
  return invoices.map((row) => record(row, lines.get(row.invoice_id) ?? [], taxes.get(row.invoice_id) ?? [], partiesOf(row), corrected));
}

/** An invoice that lines correct, with the kinds of the corrected lines by their numbers. */
interface Corrected extends CorrectedInvoice { readonly invoice_id: string; readonly kinds: ReadonlyMap<number, string> }

/** The invoices that lines correct, by id, in the order of their numbers. */
async function correctedInvoices(engine: Engine, lines: readonly LineRow[]): Promise<Map<string, Corrected>> {
  const ids = [...new Set(lines.flatMap(({ corrects_invoice_id: id }) => (id === null ? [] : [id])))];
  if (ids.length === 0) return new Map();
  const these = `(${ids.map(literal).join(', ')})`;
  const rows = await engine.rows<Omit<Corrected, 'kinds'>>(`SELECT invoice_id, number, CAST(issued_on AS VARCHAR) AS issued_on
    FROM ledger.invoices WHERE invoice_id IN ${these} ORDER BY number`);
  const numbers = [...new Set(lines.flatMap(({ corrects_line_no: no }) => (no === null ? [] : [no])))].join(', ');
  const kinds = groupBy(numbers === '' ? [] : await engine.rows<Pick<LineRow, 'invoice_id' | 'line_no' | 'kind'>>(`
    SELECT invoice_id, line_no, kind FROM ledger.invoice_lines WHERE invoice_id IN ${these} AND line_no IN (${numbers})
    ORDER BY ALL`), byInvoice);
  return new Map(rows.map((row) => [row.invoice_id, {
    ...row, kinds: new Map((kinds.get(row.invoice_id) ?? []).map(({ line_no, kind }) => [Number(line_no), kind])),
  }]));
}

function record(
  row: InvoiceRow, lines: readonly LineRow[], taxes: readonly TaxRow[], parties: Parties, known: ReadonlyMap<string, Corrected>,
): InvoiceRecord {
  const {
    period_start, period_end, net_minor, tax_minor, total_minor, seller_id: _seller, buyer_id: _buyer, customer_id: _customer,
    customer_name: _name, serial: _serial, purchase_order,
    early_percent_micro, early_days, tax_currency: _currency, tax_currency_minor: _minor, tax_exchange_rate: _rate, tax_exchange_on: _on,
    tax_exchange_source: _source,
    ...plain
  } = row;
  const money = (minor: bigint): string => formatScaled(minor, row.exponent);
  const at = (instant: bigint): string => isoLocal(Number(instant), row.timezone);
  const own = new Set(lines.map((line) => line.corrects_invoice_id));
  return {
    ...plain, period_start: at(period_start), period_end: at(period_end),
    net: money(net_minor), tax: money(tax_minor), total: money(total_minor), accounted_tax: accountedTax(row),
    early_payment: early_percent_micro === null || early_days === null ? null
      : earlyPayment(early_percent_micro, early_days, row),
    corrects: [...known.values()].filter(({ invoice_id }) => own.has(invoice_id)).map(({ number, issued_on }) => ({ number, issued_on })),
    taxes: taxes.map((t): InvoiceTaxRecord => ({
      tax_id: t.tax_id, name: t.name, category: t.category, rate: formatMicro(t.rate_micro), note: t.note,
      net: money(t.net_minor), tax: money(t.tax_minor),
    })),
    lines: lines.map((l): InvoiceLineRecord => ({
      line_no: Number(l.line_no), kind: l.kind, booking_id: l.booking_id, product: l.product, description: l.description,
      quantity: formatMicro(l.quantity_micro), unit: l.unit,
      unit_price: l.unit_price_micro === null ? null : formatMicro(l.unit_price_micro),
      amount: money(l.amount_minor), gross: l.gross_minor === null ? null : money(l.gross_minor), original: originalOf(l),
      tax_id: l.tax_id, tax_rate: formatMicro(l.tax_rate_micro),
      service_start: l.service_start === null ? null : at(l.service_start),
      service_end: l.service_end === null ? null : at(l.service_end), late: l.late, corrects: correctionOf(l, known),
    })),
    ...parties,
    // An order number may be of this invoice alone.
    buyer: { ...parties.buyer, purchase_order },
  };
}

function correctionOf(line: LineRow, known: ReadonlyMap<string, Corrected>): LineCorrection | null {
  const corrected = known.get(line.corrects_invoice_id ?? '');
  if (corrected === undefined) return null;
  const line_no = line.corrects_line_no === null ? null : Number(line.corrects_line_no);
  const kind = line_no === null ? null : corrected.kinds.get(line_no) ?? null;
  return { number: corrected.number, line_no, kind, correction: line.correction };
}

function originalOf(l: LineRow): InvoiceLineRecord['original'] {
  if (l.original_currency === null || l.exchange_rate === null) return null;
  return {
    currency: l.original_currency, amount: formatMinor(l.original_minor!, l.original_currency),
    unit_price: l.original_price_micro === null ? null : formatMicro(l.original_price_micro),
    rate: l.exchange_rate, on: l.exchange_on!, source: l.exchange_source!,
  };
}

/** Columns of the ledger that tell the tax in another currency. */
export type AccountedTaxRow = Pick<InvoiceRow,
  'tax_currency' | 'tax_currency_minor' | 'tax_exchange_rate' | 'tax_exchange_on' | 'tax_exchange_source'>;

/** The same as a record. */
export function accountedTax(row: AccountedTaxRow): AccountedTaxRecord | null {
  if (row.tax_currency === null || row.tax_currency_minor === null) return null;
  return {
    currency: row.tax_currency, tax: formatMinor(row.tax_currency_minor, row.tax_currency), rate: row.tax_exchange_rate!,
    on: row.tax_exchange_on!, source: row.tax_exchange_source!,
  };
}

/** What is left to pay is rounded to the currency, half away from zero; nothing is taken off where nothing is to be paid. */
function earlyPayment(percent_micro: bigint, within_days: number, row: InvoiceRow): EarlyPaymentRecord | null {
  if (row.total_minor <= 0n) return null;
  const discount = (row.total_minor * percent_micro + 50_000_000n) / 100_000_000n;
  return {
    percent: formatMicro(percent_micro), within_days, until: addDays(row.issued_on, within_days),
    discount: formatScaled(discount, row.exponent), payable: formatScaled(row.total_minor - discount, row.exponent),
  };
}

function byInvoice({ invoice_id }: { readonly invoice_id: string }): string {
  return invoice_id;
}
