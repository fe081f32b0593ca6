/**
 * The draft: configuration, bookings and ledger brought together for one as-of. Preview shows it, confirm commits it, run commits
 * what fell due of it; they differ in their last step only.
 */
import { automationOf, calendarsOf, localDate, periodsOf } from '../calendar/calendar.js';
import type { Calendar, Period } from '../calendar/types.js';
import { Engine } from '../engine/engine.js';
import type { EngineOptions } from '../engine/engine.js';
import { findDuplicates, placesOf, stageBookings } from '../intake/intake.js';
import { attachLedger } from '../ledger/attach.js';
import type { Ledger } from '../ledger/ledger.js';
import { buildDraft, checkDraft } from '../models/build.js';
import { loadBilled, loadInputs, unbilledSpan } from '../models/load.js';
import type { RunPeriod } from '../models/load.js';
import { throwIfErrors } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Instant, LocalDate } from '../values/time.js';
import { projectFiles } from '../world/config-files.js';
import type { Context } from './context.js';

const DAY = 86_400_000;
/** Bookings further ahead than this wait for a later run to be placed. */
const AHEAD = 400 * DAY;

/** A built draft in an open engine; close the engine when done. */
export interface Draft {
  readonly engine: Engine;
  readonly calendars: readonly Calendar[];
  readonly calendarKeyOf: (customer_index: number) => number;
  /** Warnings only; errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Builds the draft for the context's as-of. With `billing_date` the batches of that date are open too, ahead of their time.
 * Throws every problem of the bookings at once.
 */
export async function openDraft(context: Context, ledger: Ledger, billing_date: LocalDate | null = null): Promise<Draft> {
  const engine = await Engine.open(engineOptions(context));
  try {
    return await build(engine, context, ledger, billing_date);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** DuckDB's settings from the command line. */
export function engineOptions(context: Pick<Context, 'options'>): EngineOptions {
  const { memory_limit, threads } = context.options;
  return { ...(memory_limit === undefined ? {} : { memory_limit }), ...(threads === undefined ? {} : { threads }) };
}

async function build(engine: Engine, context: Context, ledger: Ledger, billing_date: LocalDate | null): Promise<Draft> {
  const { config, as_of, world } = context;
  await attachLedger(engine, ledger);
  await loadBilled(engine);
  const staged = await stageBookings(engine, config.bookings, {
    root: config.root, currency: config.currency, files: projectFiles(config.root), log: world.log,
  });
  const found = [...staged.diagnostics, ...await findDuplicates(engine)];
  throwIfErrors(found);
  const span = await unbilledSpan(engine);
  const { calendars, calendar_key_of } = calendarsOf(config);
  const from = Math.min(span?.from ?? as_of, as_of);
  const ahead = Math.max(as_of, billing_date === null ? 0 : Date.parse(`${billing_date}T00:00:00Z`) + 2 * DAY);
  const until = Math.max(ahead, Math.min(span?.until ?? as_of, as_of + AHEAD)) + 1;
  const periods = calendars.flatMap((calendar) => runPeriods(calendar, from, until, as_of, billing_date));
  await loadInputs(engine, { config, as_of, calendars, calendarKeyOf: calendar_key_of, periods: inBillingOrder(periods) });
  await buildDraft(engine);
  found.push(...await checkDraft(engine, (rows) => placesOf(engine, rows)));
  throwIfErrors(found);
  return { engine, calendars, calendarKeyOf: calendar_key_of, diagnostics: found };
}

/** The periods that can matter, and one more, so that a late booking always finds the next one. */
function runPeriods(calendar: Calendar, from: Instant, until: Instant, as_of: Instant, billing_date: LocalDate | null): RunPeriod[] {
  const periods = periodsOf(calendar, from, until);
  const last = periods.at(-1);
  const after = last === undefined
    ? periodsOf(calendar, from, until + AHEAD).slice(0, 1) : periodsOf(calendar, last.period_end, last.period_end + 1);
  return [...periods, ...after.filter((p) => last === undefined || p.period_start >= last.period_end)].map((period) => ({
    ...period,
    previewed: period.preview_at !== null && (period.preview_at <= as_of || period.billing_date === billing_date),
    issued_on: issuedOn(calendar, period, period.auto_confirm_at ?? Math.max(as_of, period.confirm_due_at ?? as_of)),
    issued_on_now: issuedOn(calendar, period, as_of),
  }));
}

function issuedOn(calendar: Calendar, period: Period, confirmed_at: Instant): LocalDate {
  return automationOf(calendar, period.use_no).document_date === 'billing_date' ? period.billing_date : localDate(confirmed_at, period.timezone);
}

function inBillingOrder(periods: readonly RunPeriod[]): RunPeriod[] {
  return [...periods].sort((a, b) => a.billing_at - b.billing_at || a.calendar_key - b.calendar_key || a.period_start - b.period_start);
}
