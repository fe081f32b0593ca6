/** `duebook validate`: everything that can be known to be wrong before any booking is read; and approvals that do not fit. */
import { join } from 'node:path';
import { calendarOfCycle, calendarsOf, periodsOf } from '../calendar/calendar.js';
import type { Config } from '../config/types.js';
import { compileNotices, compileTemplates } from '../documents/templates.js';
import { CODES } from '../values/codes.js';
import { DuebookError, problem, sortDiagnostics, throwIfErrors } from '../values/diagnostic.js';
import type { Diagnostic, Place } from '../values/diagnostic.js';
import { loadLogo, loadTemplateSources } from '../world/template-files.js';
import { readApprovals } from './approval-files.js';
import { Approvals } from './approvals.js';
import { ledgerOf, openContext } from './context.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { cutPeriods } from './ledger-rules.js';
import { SCHEMA_VERSION } from './results.js';
import type { ValidateResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** How far ahead calendars are tried. */
const AHEAD_MS = 400 * 86_400_000;

/**
 * Loads the configuration, compiles the templates of every brand, reads every calendar. Throws all errors at once; warnings
 * come back in the result.
 */
export async function validate(world: World, options: CommonOptions): Promise<ValidateResult> {
  const context = await openContext(world, options);
  const { config, warnings, as_of } = context;
  const found: Diagnostic[] = [...warnings, ...calendarProblems(config, as_of), ...(await templateProblems(config, world.package_root))];
  throwIfErrors(found);
  found.push(...await ledgerProblems(context));
  throwIfErrors(found);
  return {
    schema_version: SCHEMA_VERSION,
    file: config.file,
    customers: config.customers.length,
    cycles: config.cycles.length,
    products: config.products.length,
    sources: config.bookings.length,
    diagnostics: sortDiagnostics(found),
  };
}

/**
 * What ledger and bookings say of the configuration: overrides, cycles that were edited, approvals. Bookings are read only if there are
 * approvals; where something cannot be read, the next run says so. Without a ledger an approval that does not fit is a warning.
 */
async function ledgerProblems(context: Context): Promise<Diagnostic[]> {
  const { approvals, problems } = await readApprovals(context);
  let draft: Draft;
  let isEmpty: boolean;
  try {
    const ledger = await ledgerOf(context);
    isEmpty = ledger.serial === 0;
    draft = await openDraft(context, ledger, { bookings: approvals.length > 0 });
  } catch (error) {
    if (error instanceof DuebookError) return [...problems, ...error.diagnostics.filter(({ code }) => CODES[code] === 4)];
    throw error;
  }
  try {
    const told = [...draft.diagnostics.filter(({ code }) => CODES[code] === 4), ...await cutPeriods(context, draft.engine)];
    if (approvals.length === 0) return [...problems, ...told];
    const found = [...told, ...await (await Approvals.open(context, draft)).problems()];
    // A job that checks pull requests may have no ledger: batches may then be done that seem to have moved, and customers have left since.
    const strangers = new Set(approvals.flatMap((each) => each.strangers.map(({ message }) => message)));
    const isHistory = ({ code, message }: Diagnostic): boolean => code === 'APPROVAL_STALE' || strangers.has(message);
    return found.map((each) => (isEmpty && isHistory(each) ? { ...each, severity: 'warning' } : each));
  } finally {
    await draft.engine.close();
  }
}

/** A cycle must have a period, and every customer's calendar must be readable for a year ahead. */
function calendarProblems(config: Config, as_of: number): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const cycle of config.cycles) {
    const at = config.place(['cycles', cycle.cycle_id]);
    try {
      const calendar = calendarOfCycle(cycle, cycle.automation ?? config.automation, config.business_calendar);
      const [first] = periodsOf(calendar, -Infinity, as_of + AHEAD_MS);
      if (first === undefined && Date.parse(cycle.start) < as_of) {
        found.push(problem('CONFIG_CYCLE', `cycle ${cycle.cycle_id} has no period`, { at, hint: 'check its start, end and dates' }));
      }
    } catch (error) {
      found.push(unreadable(`cycle ${cycle.cycle_id}`, at, error));
    }
  }
  if (found.length > 0) return found;
  const { calendars, calendar_key_of } = calendarsOf(config);
  const broken = new Map<number, unknown>();
  for (const calendar of calendars) {
    try {
      periodsOf(calendar, as_of, as_of + AHEAD_MS);
    } catch (error) {
      broken.set(calendar.calendar_key, error);
    }
  }
  if (broken.size === 0) return [];
  return config.customers.flatMap(({ customer_id }, i) => {
    const key = calendar_key_of(i);
    const at = config.place(['customers', customer_id, 'cycle']);
    return broken.has(key) ? [unreadable(`the calendar of customer ${customer_id}`, at, broken.get(key))] : [];
  });
}

function unreadable(what: string, at: Place, error: unknown): Diagnostic {
  const words = error instanceof Error ? error.message : String(error);
  return problem('CONFIG_CYCLE', `${what} cannot be used: ${words}`, { at, hint: 'check start, end, dates and time zone' });
}

/** Compiles the common templates and those of every partner that has some of its own, and reads the logo. */
async function templateProblems(config: Config, packageRoot: string): Promise<Diagnostic[]> {
  const own = config.partners.flatMap(({ templates }) => (templates === null ? [] : [templates]));
  const found = new Map<string, Diagnostic>();
  const collect = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DuebookError)) throw error;
      for (const each of error.diagnostics) found.set(JSON.stringify(each), each);
    }
  };
  const builtIn = join(packageRoot, 'templates');
  for (const brand of [null, ...new Set(own)]) {
    const folders = [brand, config.templates];
    await collect(async () => compileTemplates(await loadTemplateSources(config.root, builtIn, folders)));
    // Notices speak for the issuer, not for a partner.
    if (brand === null) await collect(async () => compileNotices(await loadTemplateSources(config.root, builtIn, folders)));
  }
  await collect(() => loadLogo(config.root, config.issuer.logo ?? null));
  return [...found.values()];
}
