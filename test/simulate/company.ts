/**
 * A company that is made up from a seed and lives through years of runs: customers of every type of cycle, both timings, many zones,
 * lead days and windows; bookings that are there in time, or come late. Afterwards its ledger is looked at from outside.
 */
import { periodsOf, calendarsOf } from '../../src/calendar/calendar.js';
import type { Period } from '../../src/calendar/calendar.js';
import { loadConfig } from '../../src/config/load.js';
import type { RunResult } from '../../src/run/results.js';
import { projectFiles } from '../../src/world/config-files.js';
import type { Booking, Project, Spec } from '../support/project.js';
import { Chance } from './chance.js';
import { CYCLE_TYPES, ZONES } from './tiling.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Zones that people live in, whose clocks do unusual things; every other cycle has one of them, the rest any zone at all. */
const BUSY = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Apia', 'Asia/Gaza', 'Europe/London'];

export interface CompanyOptions {
  readonly seed: number;
  /** The first day, UTC. */
  readonly from: string;
  readonly days: number;
  readonly customers: number;
  readonly days_between_runs: number;
  /** Bookings of one customer in a week, on average. */
  readonly bookings_a_week?: number;
  readonly progress?: (done: number, total: number) => void;
}

/** A booking, and when its row first stands in a file. */
interface Known extends Booking { readonly known_at: number }

export interface Company { readonly spec: Spec; readonly bookings: readonly Known[] }

const iso = (instant: number): string => new Date(instant).toISOString().slice(0, 19) + 'Z';

/** Configuration and bookings of a seed. */
export function companyOf(options: CompanyOptions): Company {
  const chance = new Chance(options.seed);
  const begin = Date.parse(`${options.from}T00:00:00Z`);
  const cycles: Record<string, Spec> = {};
  const customers: Record<string, Spec> = {};
  const ahead = new Map<string, boolean>();
  for (let i = 0; i < options.customers; i += 1) {
    const id = `c${String(i).padStart(4, '0')}`;
    cycles[id] = cycleSpec(chance, i, begin);
    const uses: Spec[] = [{ use: id }];
    if (i % 16 >= 12 && options.days > 60) {
      const half = new Date(begin + Math.floor(options.days / 2) * DAY).toISOString().slice(0, 10);
      cycles[`${id}-then`] = cycleSpec(chance, chance.int(0, 15), begin);
      uses.push({ use: `${id}-then`, from: half });
    }
    ahead.set(id, uses.every(({ use }) => cycles[use as string]!['timing'] === 'in_advance'));
    customers[id] = { name: `Customer ${i}`, cycle: uses.length === 1 ? id : uses, automation: automationSpec(chance), ...(i % 3 === 0 ? { partner: 'south' } : {}), ...(i % 4 === 3 ? {} : { email: `${id}@customer.example` }) };
  }
  const spec = { cycles, customers, partners: { south: { name: 'South', automation: { separate_preview_per_partner: true } } }, mail: { attach: [] }, business_calendar: { country: 'DE', region: 'HH' } };
  return { spec, bookings: bookingsOf(chance, options, begin, ahead) };
}

function cycleSpec(chance: Chance, i: number, begin: number): Spec {
  const type = CYCLE_TYPES[i % 8]!;
  const start = new Date(begin - chance.int(0, 400) * DAY + chance.pick([0, 0, 0, 2.5, 9, 23]) * HOUR).toISOString().slice(0, 16);
  const every = chance.pick([{ days: chance.int(2, 40) }, { weeks: chance.int(3, 7) }, { months: chance.int(2, 5) }]);
  return { type, start, timing: Math.floor(i / 8) % 2 === 0 ? 'in_arrears' : 'in_advance', timezone: chance.pick(chance.percent(50) ? BUSY : ZONES), ...(type === 'custom' ? { every } : {}) };
}

const RULES = ['none', 'following', 'preceding', 'modified_following'] as const;

function automationSpec(chance: Chance): Spec {
  return {
    lead_days: chance.pick([0, 0, 1, 5, 14]), confirmation_window_days: chance.pick([0, 1, 3, 7, 'last_day_of_month']), confirm_at: chance.pick(['00:00', '12:00', '22:00']),
    auto_send_delay_hours: chance.pick([0, 3, 30]), document_date: chance.pick(['billing_date', 'confirmed_date']), lock_before_period_end: chance.percent(15),
    ...(chance.percent(40) ? { send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: '08:00-18:00' } } : {}),
    ...(chance.percent(15) ? { enabled: false, lock_invoices: true } : {}),
    ...(chance.percent(30) ? { business_days: { billing: chance.pick(RULES), due: chance.pick(RULES), send: chance.pick(RULES) } } : {}),
  };
}

function bookingsOf(chance: Chance, options: CompanyOptions, begin: number, ahead: ReadonlyMap<string, boolean>): Known[] {
  const names = [...ahead.keys()];
  const count = Math.ceil(options.customers * (options.days / 7) * (options.bookings_a_week ?? 1));
  return Array.from({ length: count }, (_, i): Known => {
    const customer = chance.pick(names);
    const start = begin + chance.int(0, options.days * 24 * 60 - 1) * 60_000;
    const end = start + chance.int(0, 6) * HOUR;
    const late = chance.percent(10) ? chance.int(2, 60) * DAY : chance.int(0, 20) * HOUR;
    // What is billed ahead is mostly known ahead.
    const known_at = ahead.get(customer) === true && chance.percent(80) ? start - chance.int(1, 60) * DAY : end + late;
    const money = chance.percent(10) ? { currency: chance.pick(['JPY', 'USD', 'KWD']), price: String(chance.int(1, 400)) } : {};
    return {
      id: `J-${i}`, customer, product: chance.pick(['visit', 'visit', 'food']), start: iso(start), end: iso(end), quantity: `${chance.int(0, 4)}.${chance.int(1, 99)}`, known_at, ...money,
      ...(chance.percent(4) ? { amount: `-${chance.int(1, 90)}` } : {}), ...(known_at < start ? { status: 'planned' } : {}),
    };
  });
}

export interface YearOfRuns { readonly year: number; readonly runs: number; readonly events: number; readonly ms: number; readonly slowest_ms: number }

export interface CompanyReport {
  readonly bookings: number;
  readonly invoices: number;
  readonly years: readonly YearOfRuns[];
  readonly flaws: readonly string[];
}

/** Lives through the days, then on until the last booking is billed, and looks at what is there. */
export async function simulateCompany(made: Project, options: CompanyOptions): Promise<CompanyReport> {
  const { spec, bookings } = companyOf(options);
  await made.configure(spec);
  const begin = Date.parse(`${options.from}T00:00:00Z`);
  const years = new Map<number, YearOfRuns>();
  const files = new Files(made, bookings);
  let serial = 0;
  const runAt = async (instant: number, year: number): Promise<RunResult> => {
    await files.until(instant);
    const began = performance.now();
    const done = await made.run(iso(instant));
    const ms = performance.now() - began;
    const known = years.get(year) ?? { year: year + 1, runs: 0, events: 0, ms: 0, slowest_ms: 0 };
    const events = done.head.serial - serial;
    years.set(year, { ...known, runs: known.runs + 1, events: known.events + events, ms: known.ms + ms, slowest_ms: Math.max(known.slowest_ms, ms) });
    serial = done.head.serial;
    return done;
  };
  const total = Math.ceil(options.days / options.days_between_runs);
  for (let i = 1; i <= total; i += 1) {
    const at = begin + Math.min(i * options.days_between_runs, options.days) * DAY + 6 * HOUR;
    await runAt(at, Math.floor((at - begin - DAY) / DAY / 365.25));
    options.progress?.(i, total);
  }
  const end = begin + options.days * DAY;
  // Half a year more for the longest periods, and twice a year for what came late into them.
  const rest = Math.ceil(options.days / 365.25);
  let last: RunResult | undefined;
  for (const days of [90, 250, 500, 900]) last = await runAt(end + days * DAY, rest);
  const flaws = [...await lookAtLedger(made, bookings, end + 900 * DAY), ...open(last!), ...await made.flaws()];
  const [invoices] = await made.told('SELECT count(*) FROM ledger.invoices');
  return { bookings: bookings.length, invoices: Number(invoices), years: [...years.values()], flaws };
}

function open(done: RunResult): string[] {
  const wrong = done.diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code} ${message}`);
  const { bookings_read: read, already_billed: billed } = done.completeness ?? { bookings_read: 0, already_billed: 0 };
  if (read !== billed) wrong.push(`${read} bookings were read in the last run, ${billed} of them are billed`);
  if (done.messages.failed + done.messages.uncertain > 0) wrong.push(`${done.messages.failed + done.messages.uncertain} messages were not sent`);
  return wrong;
}

/** The files of bookings as they grow: one a month, by when a row is known. */
class Files {
  readonly #made: Project;
  readonly #rows: readonly Known[];
  #next = 0;
  readonly #months = new Map<string, Known[]>();

  constructor(made: Project, bookings: readonly Known[]) {
    this.#made = made;
    this.#rows = [...bookings].sort((a, b) => a.known_at - b.known_at || (a.id < b.id ? -1 : 1));
  }

  async until(instant: number): Promise<void> {
    const grown = new Set<string>();
    for (let row = this.#rows[this.#next]; row !== undefined && row.known_at <= instant; row = this.#rows[this.#next]) {
      const month = iso(row.known_at).slice(0, 7);
      this.#months.set(month, [...(this.#months.get(month) ?? []), row]);
      grown.add(month);
      this.#next += 1;
    }
    if (this.#months.size === 0) await this.#made.book([]);
    for (const month of grown) await this.#made.bookInto(month, this.#months.get(month)!);
  }
}

/** One line of the ledger with its invoice. */
interface Line { readonly booking: string; readonly customer: string; readonly cycle: string; readonly start: number; readonly end: number; readonly late: boolean }

/** The promises, looked at with no SQL but for fetching, and with the calendar's periods counted out customer by customer. */
export async function lookAtLedger(made: Project, bookings: readonly Booking[], until: number): Promise<string[]> {
  const flaws: string[] = [];
  const tell = (what: string): void => {
    if (flaws.length < 20) flaws.push(what);
  };
  const [lines, invoices] = await made.answers([
    `SELECT l.booking_id, i.customer_id, i.cycle_id, epoch_ms(i.period_start), epoch_ms(i.period_end), l.late FROM ledger.invoice_lines AS l
      JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id WHERE l.booking_id IS NOT NULL ORDER BY l.booking_id`,
    'SELECT customer_id, cycle_id, epoch_ms(period_start), epoch_ms(period_end), currency FROM ledger.invoices ORDER BY customer_id, period_start, cycle_id, currency',
  ]);
  const billed = new Map<string, Line>();
  for (const row of lines!) {
    const [booking, customer, cycle, start, end, late] = row.split(' | ') as [string, string, string, string, string, string];
    if (billed.has(booking)) tell(`booking ${booking} is billed twice`);
    billed.set(booking, { booking, customer, cycle, start: Number(start), end: Number(end), late: late === 'true' });
  }
  const periods = await periodsByCustomer(made, until);
  for (const booking of bookings) lookAtBooking(booking, billed.get(booking.id), periods.get(booking.customer)!, tell);
  if (billed.size > bookings.length) tell(`${billed.size} bookings are billed, ${bookings.length} were made`);
  lookAtInvoices(invoices!, periods, tell);
  return flaws;
}

export interface CustomerPeriods { readonly assign_by: 'starts_at' | 'ends_at'; readonly periods: readonly Period[] }

/** The periods of each customer up to `until`, as the configuration of a project has them. */
export async function periodsByCustomer(made: Project, until: number): Promise<Map<string, CustomerPeriods>> {
  const { config } = await loadConfig(projectFiles(made.root), 'billing.config.yaml', {});
  const { calendars, calendar_key_of } = calendarsOf(config);
  return new Map(config.customers.map(({ customer_id }, i) => {
    const calendar = calendars[calendar_key_of(i)]!;
    return [customer_id, { assign_by: calendar.assign_by, periods: periodsOf(calendar, -Infinity, until) }];
  }));
}

function lookAtBooking(booking: Booking, line: Line | undefined, { assign_by, periods }: CustomerPeriods, tell: (what: string) => void): void {
  if (line === undefined) return tell(`booking ${booking.id} of ${booking.customer} (${booking.start}) is not billed`);
  if (line.customer !== booking.customer) tell(`booking ${booking.id} of ${booking.customer} is billed to ${line.customer}`);
  const at = Date.parse(assign_by === 'starts_at' ? booking.start : booking.end ?? booking.start);
  const own = periods.find((p) => p.period_start <= at && at < p.period_end);
  if (own === undefined) return tell(`booking ${booking.id} of ${booking.customer} lies in no period`);
  const inOwn = own.period_start === line.start && own.period_end === line.end;
  if (line.late === inOwn) tell(`booking ${booking.id} is ${line.late ? 'marked late in its own period' : 'billed in another period and not marked late'}`);
  if (!inOwn && line.start < own.period_end) tell(`booking ${booking.id} is billed in a period before its own`);
  return undefined;
}

/** One invoice for a customer, cycle, period and currency; its period is one of the calendar's; periods do not overlap. */
function lookAtInvoices(rows: readonly string[], periods: ReadonlyMap<string, CustomerPeriods>, tell: (what: string) => void): void {
  if (new Set(rows).size !== rows.length) tell(`${rows.length - new Set(rows).size} invoices are of a customer, cycle, period and currency that has one already`);
  const known = new Map([...periods].map(([id, { periods: all }]) => [id, new Set(all.map((p) => `${p.cycle_id} ${p.period_start} ${p.period_end}`))]));
  let before: [customer: string, start: number, end: number] = ['', 0, 0];
  for (const row of rows) {
    const [customer, cycle, start, end] = row.split(' | ') as [string, string, string, string];
    if (known.get(customer)?.has(`${cycle} ${start} ${end}`) !== true) tell(`an invoice of ${customer} has a period that its calendar has not: ${cycle} from ${iso(Number(start))} to ${iso(Number(end))}`);
    const same = customer === before[0] && Number(start) === before[1] && Number(end) === before[2];
    if (customer === before[0] && !same && Number(start) < before[2]) tell(`periods of invoices of ${customer} overlap at ${iso(Number(start))}`);
    before = [customer, Number(start), Number(end)];
  }
}
