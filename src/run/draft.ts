/**
 * The draft: configuration, bookings and ledger brought together for one as-of. Preview shows it, confirm commits it, run commits
 * what fell due of it; they differ in their last step only.
 */
import { calendarsOf } from '../calendar/calendar.js';
import type { Calendar } from '../calendar/types.js';
import { Engine, literal } from '../engine/engine.js';
import type { EngineOptions } from '../engine/engine.js';
import { findDuplicates, movedRepeats, placesOf, stageBookings, stageRepeats } from '../intake/intake.js';
import { createTables } from '../intake/tables.js';
import { attachLedger, cutLedger } from '../ledger/attach.js';
import type { AskedBookings } from '../ledger/billed.js';
import type { Ledger } from '../ledger/ledger.js';
import { buildDraft, checkDraft } from '../models/build.js';
import { holdBookings, loadChanged, loadBilled, loadCustomers, loadInputs, prepareModels, unbilledSpan } from '../models/load.js';
import { throwIfErrors, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Instant, LocalDate } from '../values/time.js';
import { projectFiles } from '../world/config-files.js';
import { chargedFrom } from './agreement-reach.js';
import type { Context, Staged } from './context.js';
import { ledgerFindings } from './ledger-rules.js';
import { AHEAD, dueDaysOff, runPeriods, SHIFTED } from './periods.js';

const DAY = 86_400_000;
/** Below this one thread is quicker than two, as long as the files of bookings are small too. */
const LITTLE = { ledger_rows: 200_000, ledger_lines: 20_000, customers: 2_000 };

/** A built draft in an open engine; close the engine when done. */
export interface Draft {
  readonly engine: Engine;
  readonly calendars: readonly Calendar[];
  readonly calendarKeyOf: (customer_index: number) => number;
  /** Warnings only; errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What a draft opens ahead of its time. */
export interface DraftOptions {
  /** The batches of this date are open too. */
  readonly billing_date?: LocalDate | null;
  /** Place in `config.customers` of the customer whose current period is billed on demand. */
  readonly on_demand?: number;
  /** Drafts what was there before this commit of the ledger. */
  readonly before_serial?: number;
  /** Only this customer's bookings count, and nothing is said of the others; for telling how one invoice came about. */
  readonly only_customer?: string;
  /** false: no booking is read; for what can be said of configuration and ledger alone. */
  readonly bookings?: boolean;
}

/** Builds the draft for the context's as-of. Throws every problem of the bookings at once. */
export async function openDraft(context: Context, ledger: Ledger, options: DraftOptions = {}): Promise<Draft> {
  const staged = await context.staged?.() ?? null;
  const engine = staged?.engine ?? await openEngine(context, ledger);
  try {
    return await build(engine, context, ledger, options, staged);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** An engine for work on a ledger, as large as that is. */
export function openEngine(context: Context, ledger: Ledger): Promise<Engine> {
  const rows = (ledger.head?.segments ?? []).reduce((sum, segment) => sum + segment.rows, 0);
  const little = rows < LITTLE.ledger_rows && context.config.customers.length < LITTLE.customers;
  return Engine.open({ ...engineOptions(context), little });
}

/** DuckDB's settings from the command line. */
export function engineOptions(context: Pick<Context, 'options'>): EngineOptions {
  const { memory_limit, threads } = context.options;
  return { ...(memory_limit === undefined ? {} : { memory_limit }), ...(threads === undefined ? {} : { threads }) };
}

async function build(engine: Engine, context: Context, ledger: Ledger, options: DraftOptions, staged: Staged | null): Promise<Draft> {
  const { config, as_of } = context;
  await attachLedger(engine, ledger);
  if (options.before_serial !== undefined) await cutLedger(engine, options.before_serial);
  await prepareModels(engine);
  const found = await readBookings(engine, context, ledger, options, staged);
  const { calendars, calendarKeyOf, on_demand } = draftCalendars(context, options);
  // The one is the engine's work, the other JavaScript's; the engine has to be asked first.
  const [twice] = await engine.beside(() => findDuplicates(engine), (other) => loadCustomers(other, config, calendars, calendarKeyOf));
  found.push(...twice);
  throwIfErrors(found);
  await holdBookings(engine, config);
  found.push(...(await loadChanged(engine, config)).map(noRows));
  const charged_from = await chargedFrom(engine, config, calendars, calendarKeyOf);
  const reach = { ...await reachOf(engine, context, options), charged_from, as_of, billing_date: options.billing_date ?? null };
  const periods = runPeriods(calendars.filter((calendar) => calendar !== on_demand), reach, on_demand);
  await loadInputs(engine, { config, as_of, calendars, calendarKeyOf, periods, days_off: dueDaysOff(config, periods) });
  await buildDraft(engine, { singly: options.only_customer !== undefined });
  found.push(...await checkDraft(engine, (rows) => placesOf(engine, rows, (id) => config.place(['repeat_bookings', id]))));
  found.push(...await ledgerFindings(context, { engine, calendars, calendarKeyOf, bookings: options.bookings !== false }));
  throwIfErrors(found);
  return { engine, calendars, calendarKeyOf, diagnostics: found };
}

function noRows(source: string): Diagnostic {
  return warning('BOOKINGS_NO_ROWS', `the files of source "${source}" have no row, although it is complete and bookings of it are billed: `
    + 'nothing is taken back', { hint: 'was the export cut off? Bookings that are gone are taken back once there is a row again' });
}

/** Stages the bookings of the files and those that the configuration declares, with what is billed of them; findings, errors too. */
async function readBookings(
  engine: Engine, context: Context, ledger: Ledger, options: DraftOptions, ahead: Staged | null,
): Promise<Diagnostic[]> {
  const { config, as_of, world } = context;
  if (options.bookings === false) {
    await createTables(engine);
    await loadBilled(engine, { bookings: 'input.staged', sources: [] });
    return [];
  }
  const staged = ahead ?? await stageBookings(engine, config.bookings, {
    root: config.root, currency: config.currency, files: projectFiles(config.root), log: world.log,
  });
  const alone = options.only_customer;
  if (alone !== undefined) await engine.run(`DELETE FROM input.staged WHERE customer_id <> ${literal(alone)}; DELETE FROM input.rejects`);
  const repeated = await stageRepeats(engine, config.repeat_bookings, { as_of, until: aheadOf(as_of, options) + AHEAD });
  const any = (ledger.head?.segments ?? []).some(({ table, rows }) => table === 'invoice_lines' && rows > 0);
  await loadBilled(engine, await askedBookings(engine, context, ledger), any);
  const moved = repeated === 0 ? [] : await movedRepeats(engine, (id) => config.place(['repeat_bookings', id]));
  return [...(alone === undefined ? staged.diagnostics : []), ...moved];
}

/** Of which bookings it matters what is billed of them; null: of all, where that is not more than what is staged. */
async function askedBookings(engine: Engine, { config }: Context, ledger: Ledger): Promise<AskedBookings | null> {
  const lines = (ledger.head?.segments ?? []).reduce((sum, { table, rows }) => sum + (table === 'invoice_lines' ? rows : 0), 0);
  if (lines < LITTLE.ledger_lines) return null;
  const { staged } = await engine.row<{ staged: bigint }>('SELECT count(*) AS staged FROM input.staged');
  if (staged >= BigInt(lines)) return null;
  const complete = config.bookings.filter((source) => source.complete).map(({ name }) => literal(name));
  return {
    bookings: 'input.staged',
    sources: [
      ...(complete.length === 0 ? [] : [`source IN (${complete.join(', ')})`]),
      ...(config.repeat_bookings.length === 0 ? [] : ["starts_with(source, 'repeat:')"]),
    ],
  };
}

/** The as-of, or the end of a later billing date that is looked at. */
function aheadOf(as_of: Instant, { billing_date = null }: DraftOptions): Instant {
  return Math.max(as_of, billing_date === null ? 0 : Date.parse(`${billing_date}T00:00:00Z`) + 2 * DAY);
}

/** The calendars of the configuration; a customer who is billed on demand has one of its own behind them. */
function draftCalendars(
  { config }: Context, options: DraftOptions,
): Pick<Draft, 'calendars' | 'calendarKeyOf'> & { on_demand: Calendar | null } {
  const { calendars, calendar_key_of } = calendarsOf(config);
  const index = options.on_demand;
  if (index === undefined) return { calendars, calendarKeyOf: calendar_key_of, on_demand: null };
  const on_demand = { ...calendars[calendar_key_of(index)]!, calendar_key: calendars.length };
  const calendarKeyOf = (i: number): number => (i === index ? on_demand.calendar_key : calendar_key_of(i));
  return { calendars: [...calendars, on_demand], calendarKeyOf, on_demand };
}

/** From the first unbilled booking, or line by hand, to the last; the present is always among it. */
async function reachOf(engine: Engine, { config, as_of }: Context, options: DraftOptions): Promise<{ from: Instant; until: Instant }> {
  const span = await unbilledSpan(engine);
  const adding = config.overrides.filter((o) => o.lines.length > 0);
  const billed = new Set((adding.length === 0 ? [] : await engine.rows<{ charge_id: string }>(
    `SELECT DISTINCT l.charge_id FROM ledger.invoice_lines AS l JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id
    WHERE l.charge_id IS NOT NULL AND s.status = 'processed'`)).map((row) => row.charge_id));
  const dates = adding.filter((o) => o.lines.some((line) => !billed.has(line.charge_id)))
    .map((o) => Date.parse(`${(o.batch ?? o.period!).slice(0, 10)}T00:00:00Z`) - SHIFTED);
  const from = Math.min(span?.from ?? as_of, as_of, ...dates.filter((date) => !Number.isNaN(date)));
  return { from, until: Math.max(aheadOf(as_of, options), Math.min(span?.until ?? as_of, as_of + AHEAD)) + 1 };
}
