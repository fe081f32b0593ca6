/**
 * A firm that is made up from a seed and changes as time goes by: customers come, prices, cycles and automation move, holds are put and
 * lifted; bookings come in time or late, are changed, cancelled, copied, or vanish from the export.
 */
import { BASE, lay } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';
import { BUCKET } from './bucket.js';
import { Chance } from './chance.js';
import { DISCOUNTS } from './discounted.js';
import { Exchange } from './exchange.js';
import type { Terms } from './exchange.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 1);

export const iso = (instant: number): string => new Date(instant).toISOString().slice(0, 19) + 'Z';
const day = (instant: number): string => iso(instant).slice(0, 10);

/** What a booking says from an instant on; null: it stands in no export any more. */
interface Version { readonly from: number; readonly row: Booking | null }
/** A booking with all it will ever say. */
export interface Life { readonly id: string; readonly versions: readonly Version[]; readonly copied: boolean }

export interface FirmOptions {
  readonly seed: number;
  readonly months: number;
  /** Rare events only: monthly and longer periods. */
  readonly slow: boolean;
  readonly customers: number;
  readonly bookings_a_week: number;
}

/** All of them have begun before the firm does. */
const CYCLES: Spec = {
  weekly: { start: '2025-12-29' }, ahead: { start: '2025-12-01' }, monthly: { start: '2025-12-01' },
  quarterly: { type: 'quarterly', start: '2025-10-01' }, ten: { type: 'custom', every: { days: 10 }, start: '2025-12-27' },
  berlin: { type: 'bi-weekly', start: '2025-12-22T06:00', timezone: 'Europe/Berlin' }, month31: { type: 'monthly', start: '2025-12-31', timezone: 'America/New_York' },
};
/** What VAT of invoices in other currencies is stated at, in EUR. */
export const RATES: readonly Spec[] = [
  ...[['2025-10-01', '0.0061'], ['2026-01-15', '0.0058644'], ['2026-02-01', '0.0063']].map(([on, rate]) => ({ from: 'JPY', to: 'EUR', rate, on, source: 'ECB' })),
  ...[['2025-10-01', '2.9'], ['2026-01-07', '3.0333333333'], ['2026-06-30', '2.75']].map(([on, rate]) => ({ from: 'KWD', to: 'EUR', rate, on, source: 'ECB' })),
  ...[['2025-10-01', '0.91'], ['2026-01-20', '0.8875']].map(([on, rate]) => ({ from: 'USD', to: 'EUR', rate, on, source: 'ECB' })),
  { from: 'CHF', to: 'EUR', rate: '1.0612345678', on: '2025-10-01', source: 'ECB' },
];
const QUICK = ['weekly', 'monthly', 'ten', 'berlin', 'ahead', 'month31'] as const;
const SLOW = ['monthly', 'monthly', 'quarterly', 'ahead', 'month31'] as const;

export class Firm {
  spec: Spec;
  /** What is missing from an export was deleted. */
  readonly complete: boolean;
  /** Customers have keys, and may be forgotten. */
  readonly sealed: boolean;
  /** The ledger is in a bucket. */
  readonly bucket: boolean;
  /** Some customers are billed in a currency of their choice; null: nobody. */
  readonly #exchange: Exchange | null;
  readonly lives: Life[] = [];
  readonly #options: FirmOptions;
  #before: Spec;
  #good: Spec;
  #customers = 0;
  #bookings = 0;
  #until = START;

  constructor(options: FirmOptions) {
    this.#options = options;
    const chance = new Chance(options.seed * 2_654_435 + 11);
    this.complete = chance.percent(50);
    this.sealed = chance.percent(25);
    this.bucket = new Chance(options.seed * 48_271 + 17).percent(25);
    this.#exchange = new Chance(options.seed * 16_807 + 3).percent(30) ? new Exchange(options.seed, START, options.months) : null;
    this.spec = {
      ...(this.bucket ? { ledger: BUCKET } : {}), issuer: { tax_currency: 'EUR' }, exchange_rates: RATES, cycles: CYCLES, customers: {}, bookings: (BASE['bookings'] as Spec[]).map((source) => ({ ...source, complete: this.complete })), automation: { ...automationOf(chance), ...limitsOf(chance) },
      partners: { south: { name: 'South', automation: { separate_preview_per_partner: chance.percent(50) } } },
      mail: { transport: 'smtp', url: 'smtp://127.0.0.1:1', from: 'Northwind <billing@northwind.example>', attach: [], connections: chance.int(1, 3) },
      ...(chance.percent(30) ? { notifications: [{ name: 'finance', email: ['finance@north.example'] }] } : {}),
      ...(chance.percent(30) ? { numbering: { reset: chance.pick(['yearly', 'never']) } } : {}),
      ...(chance.percent(45) ? { agreements: { fee: agreementOf(chance, options.slow) } } : {}),
      ...(this.sealed ? { privacy: { keys: 'keys' }, retention: { invoices: 0, books: 0 } } : {}),
      business_calendar: { holidays: ['2026-01-06', '2026-05-01', '2026-12-25'] },
    };
    this.#before = this.#good = this.spec;
    for (let i = 0; i < options.customers; i += 1) this.#customerComes(chance);
    this.#before = this.#good = this.spec;
  }

  /** In which currencies is billed, and at which rates, as is known at an instant; null: each line in its own. */
  termsAt(at: number): Terms | null {
    const terms = this.#exchange?.at(at) ?? null;
    return terms === null ? null : { ...terms, moneyOf: (id) => (this.#paysAhead(id) ? null : terms.moneyOf(id)) };
  }

  /** The configuration of an instant: rates are known from their day on, or later. */
  specAt(at: number): Spec {
    const terms = this.termsAt(at);
    if (terms === null) return this.spec;
    const customers = Object.entries(this.spec['customers'] as Record<string, Spec>).map(([id, customer]) => {
      const money = id === 'acme' ? null : terms.moneyOf(id);
      return [id, money === null ? customer : { ...customer, invoice_currency: money }];
    });
    return { ...this.spec, customers: Object.fromEntries(customers) as Spec, exchange_rates: [...RATES, ...terms.rates] };
  }

  /** A deposit is not exchanged. */
  #paysAhead(id: string): boolean {
    const customer = (this.spec['customers'] as Record<string, Spec>)[id];
    return customer?.['agreements'] !== undefined && (this.spec['agreements'] as { fee: Spec }).fee['deposits'] !== undefined;
  }

  get customerIds(): string[] {
    return Object.keys(this.spec['customers'] as Spec).filter((id) => id !== 'acme');
  }

  /** What happens up to an instant: bookings are made, and perhaps the configuration is changed. Says what was changed. */
  goOn(chance: Chance, until: number, changes: boolean): string {
    this.#before = this.spec;
    const bookings = Math.round(this.customerIds.length * ((until - this.#until) / (7 * DAY)) * this.#options.bookings_a_week + chance.int(0, 1));
    for (let i = 0; i < bookings; i += 1) this.#book(chance, this.#until, until);
    this.#until = until;
    return changes && chance.percent(45) ? this.#change(chance, until) : '';
  }

  /** The configuration before the last change: that one was refused. If there was none since, the last one that went through a run. */
  takeBack(): void {
    this.spec = this.spec === this.#before ? this.#good : this.#before;
  }

  /** A run went through with this configuration. */
  accepted(): void {
    this.#good = this.spec;
  }

  /** Everything that holds anything up is lifted, so that in the end all is billed, whichever configuration that is done with. */
  letGo(): void {
    const [now, before] = [this.spec, this.#before];
    this.spec = released(now);
    this.#before = before === now ? this.spec : released(before);
    this.#good = released(this.#good);
  }

  /** A customer is in the configuration no more. */
  leaves(id: string): void {
    this.spec = { ...this.spec, customers: Object.fromEntries(Object.entries(this.spec['customers'] as Spec).filter(([key]) => key !== id)) };
  }

  /** The export as it is at an instant, every booking once, but for copies. */
  exported(at: number): Booking[] {
    return this.lives.flatMap((life) => {
      const row = this.rowAt(life, at);
      return row === null ? [] : life.copied ? [row, row] : [row];
    });
  }

  rowAt(life: Life, at: number): Booking | null {
    return life.versions.filter(({ from }) => from <= at).at(-1)?.row ?? null;
  }

  /** Amount of a row in minor units, as the configuration of now prices it. */
  amountOf(row: Booking): bigint {
    const exponent = row.currency === 'JPY' ? 0 : row.currency === 'KWD' ? 3 : 2;
    if (row.amount !== undefined) return rounded(micro(row.amount) * 1_000_000n, exponent);
    const products = lay({ visit: { price: '95.00' }, food: { price: '3.33' } }, (this.spec['products'] ?? {}) as Spec) as Record<string, { price: string }>;
    return rounded(micro(row.quantity ?? '1') * micro(row.price ?? products[row.product!]!.price), exponent);
  }

  #customerComes(chance: Chance): void {
    const id = `c${this.#customers}`;
    this.#customers += 1;
    this.#set('customers', id, {
      name: `Customer ${id}`, cycle: chance.pick(this.#options.slow ? SLOW : QUICK), ...(chance.percent(85) ? { email: chance.percent(30) ? [`${id}@x.example`, `cfo-${id}@x.example`] : `${id}@x.example` } : {}),
      ...(chance.percent(30) ? { partner: 'south' } : {}), ...(chance.percent(30) ? { automation: automationOf(chance) } : {}),
      ...(this.spec['agreements'] !== undefined && chance.percent(50) ? { agreements: ['fee'] } : {}), payment_terms: { net_days: chance.int(0, 30) },
    });
  }

  #set(part: string, key: string, value: unknown): void {
    this.spec = { ...this.spec, [part]: { ...(this.spec[part] as Spec | undefined), [key]: value } };
  }

  #customer(id: string): Spec {
    return (this.spec['customers'] as Record<string, Spec>)[id]!;
  }

  #change(chance: Chance, at: number): string {
    const id = chance.pick(this.customerIds);
    const what = chance.pick(['price', 'price', 'automation', 'cycle', 'customer', 'hold', 'hold', 'lift', 'lift', 'line', 'limits', 'all', 'booking'] as const);
    const overrides = (this.spec['overrides'] ?? []) as Spec[];
    if (what === 'price') this.#set('products', 'visit', { name: 'Visit', unit: 'hour', price: `${chance.int(80, 110)}.${chance.int(10, 99)}` });
    if (what === 'automation') this.#set('customers', id, { ...this.#customer(id), automation: automationOf(chance) });
    if (what === 'cycle') this.#changeCycle(chance, id, at);
    if (what === 'customer') this.#customerComes(chance);
    if (what === 'hold') this.spec = { ...this.spec, overrides: [...overrides.filter((each) => each['customer'] !== id), { customer: id, hold: true, reason: 'Waiting for the order' }] };
    if (what === 'booking' && this.lives.length > 0) {
      const booking = chance.pick(this.lives).id;
      this.spec = { ...this.spec, overrides: [...overrides.filter((each) => each['booking'] !== booking), { booking, source: 'jobs', hold: true, reason: 'Disputed' }] };
    }
    if (what === 'lift') this.spec = { ...this.spec, overrides: overrides.length > 2 ? overrides.slice(0, -2) : undefined };
    if (what === 'line') {
      const month = day(Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth() + chance.int(0, 1), 1));
      this.spec = { ...this.spec, overrides: [...overrides, { customer: id, period: month, ...chance.pick<Spec>([
        { lines: [{ description: 'Key deposit', unit_price: '50.00' }] }, { skip: true, reason: 'Goodwill' }, { release: true, reason: 'Checked' }, { lines: [{ product: 'food', quantity: '-2' }] },
      ]) }] };
    }
    if (what === 'limits') this.#set('automation', 'limits', limitsOf(chance)['limits']);
    if (what === 'all') this.spec = { ...this.spec, automation: { ...automationOf(chance), ...limitsOf(chance) } };
    return what;
  }

  #changeCycle(chance: Chance, id: string, at: number): void {
    const customer = this.#customer(id);
    const uses = typeof customer['cycle'] === 'string' ? [{ use: customer['cycle'] }] : customer['cycle'] as Spec[];
    const use = chance.pick((this.#options.slow ? SLOW : QUICK).filter((each) => each !== uses.at(-1)!['use']));
    this.#set('customers', id, { ...customer, cycle: [...uses, { use, from: day(at + chance.int(1, 40) * DAY) }] });
  }

  #book(chance: Chance, from: number, until: number): void {
    const id = `J-${this.#bookings}`;
    this.#bookings += 1;
    const start = from + chance.int(0, Math.floor((until - from) / 60_000)) * 60_000;
    const end = start + chance.int(0, 30) * HOUR;
    const late = chance.percent(15) ? chance.int(2, 80) * DAY : chance.int(0, 20) * HOUR;
    const first: Booking = {
      id, customer: chance.pick(this.customerIds), product: chance.pick(['visit', 'visit', 'food']), start: iso(start), end: iso(end), quantity: `${chance.percent(6) ? '-' : ''}${chance.int(0, 4)}.${chance.int(1, 99)}`,
      ...moneyOf(chance),
    };
    const known = chance.percent(20) ? start - chance.int(1, 40) * DAY : end + late;
    const versions: Version[] = [];
    if (known < end) versions.push({ from: known, row: { ...first, status: 'planned' } }, { from: end + chance.int(0, 72) * HOUR, row: first });
    else versions.push({ from: known, row: first });
    this.#amend(chance, versions, first);
    this.lives.push({ id, versions, copied: chance.percent(4) });
  }

  /** A quarter of all bookings do not stay as they were. */
  #amend(chance: Chance, versions: Version[], first: Booking): void {
    if (chance.percent(75)) return;
    let at = versions.at(-1)!.from;
    let row: Booking | null = first;
    for (let i = chance.int(1, 2); i > 0 && row !== null; i -= 1) {
      at += chance.int(1, 70) * DAY;
      row = chance.pick<() => Booking | null>([
        () => ({ ...row!, quantity: `${chance.int(0, 5)}.${chance.int(1, 99)}` }), () => ({ ...row!, price: `${chance.int(1, 200)}.25`, amount: undefined }),
        () => ({ ...row!, status: 'cancelled' }), () => ({ ...row!, status: 'cancelled' }), () => ({ ...row!, description: 'Corrected' }), () => null,
      ])();
      versions.push({ from: at, row });
      // What was cancelled by mistake comes back, and so does what was missing from one export.
      if (chance.percent(25) && (row === null || row.status === 'cancelled')) {
        at += chance.int(1, 30) * DAY;
        row = first;
        versions.push({ from: at, row });
      }
    }
  }
}

/** A configuration without anything that holds up an invoice. */
function released(spec: Spec): Spec {
  const customers = Object.fromEntries(Object.entries(spec['customers'] as Record<string, Spec>).map(([id, each]) => [id, { ...each, automation: {} }]));
  return { ...spec, customers, overrides: undefined, automation: { late_bookings: 'next_invoice', confirmation_window_days: 0 } };
}

/** A charge, and often a deposit that comes off what follows, the last invoice or as it comes. */
function agreementOf(chance: Chance, slow: boolean): Spec {
  const until = chance.percent(50) ? { until: slow ? '2027-02-10' : '2026-01-31' } : {};
  return {
    from: '2026-01-01', ...until, charges: [{ id: 'base', name: 'Service contract', price: '20.00', per: 'month', timing: chance.pick(['in_arrears', 'in_advance']) }],
    ...(chance.percent(70) ? {
      deposits: [{ id: 'down', name: 'Down payment', amount: chance.pick(['15.00', '250.00']), on: chance.pick(['2026-01-02', '2026-01-09']), apply: 'until' in until ? chance.pick(['next_invoice', 'final_invoice']) : 'next_invoice' }],
    } : {}),
    ...(chance.percent(50) ? { discounts: DISCOUNTS } : {}),
  };
}

const RULES = ['none', 'following', 'preceding', 'modified_following'] as const;

function automationOf(chance: Chance): Spec {
  return {
    lead_days: chance.pick([0, 0, 1, 3]), confirmation_window_days: chance.pick([0, 0, 1, 4, 'last_day_of_month']), confirm_at: chance.pick(['00:00', '12:30', '22:00']),
    auto_send_delay_hours: chance.pick([0, 0, 5]), document_date: chance.pick(['billing_date', 'confirmed_date']), lock_before_period_end: chance.percent(15),
    late_bookings: chance.pick(['next_invoice', 'next_invoice', 'next_invoice', 'own_invoice', 'hold']), changed_bookings: chance.pick(['adjust', 'adjust', 'credit_note', 'hold']), deadline_notice_hours: chance.pick([null, 24]),
    ...(chance.percent(25) ? { send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: '08:00-18:00' } } : {}),
    ...(chance.percent(12) ? { enabled: false, lock_invoices: chance.percent(50) } : {}), ...(chance.percent(12) ? { auto_send: false } : {}),
    ...(chance.percent(20) ? { business_days: { billing: chance.pick(RULES), due: chance.pick(RULES), send: chance.pick(RULES) } } : {}),
  };
}

function limitsOf(chance: Chance): Spec {
  return chance.percent(30) ? { limits: { max_invoice_total: chance.pick([null, '300.00', '900.00']), max_change_percent: chance.pick([null, 80]) } } : {};
}

function moneyOf(chance: Chance): Partial<Booking> {
  if (chance.percent(25)) return {};
  if (chance.percent(8)) return { currency: chance.pick(['JPY', 'KWD']), price: String(chance.int(1, 400)) };
  if (chance.percent(6)) return { amount: `${chance.percent(40) ? '-' : ''}${chance.int(1, 90)}.${chance.int(10, 99)}`, quantity: undefined };
  return { price: `${chance.int(1, 150)}.${chance.int(10, 99)}` };
}

function micro(text: string): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)!;
  const value = BigInt(whole! + fraction.padEnd(6, '0'));
  return sign === '-' ? -value : value;
}

/** Half away from zero. */
function rounded(pico: bigint, exponent: number): bigint {
  const unit = 10n ** BigInt(12 - exponent);
  const size = pico < 0n ? -pico : pico;
  const minor = (size + unit / 2n) / unit;
  return pico < 0n ? -minor : minor;
}
