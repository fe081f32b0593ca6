/** The long form, started by `npm run simulate` with its options in the environment; no part of `npm test`. */
import { writeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { it } from 'vitest';
import { project } from '../support/project.js';
import { simulateCompany } from './company.js';
import type { YearOfRuns } from './company.js';
import { liveAll, repeat } from './ledgers.js';
import { factsOf, live, stretchesOf } from './schedules.js';
import { simulateCalendar, ZONES } from './tiling.js';

interface Options { readonly seed: number; readonly seeds: number; readonly months: number; readonly years: number; readonly customers: number; readonly between: number; readonly worlds: number; readonly terminal: boolean; readonly parts: string }

const options = JSON.parse(process.env['DUEBOOK_SIMULATE'] ?? 'null') as Options | null;
/** How much dearer an event of the last year may be than one of the first; generous, for machines that do other things too. */
const MOST = 10;

const say = (text: string): number => writeSync(1, `${text}\n`);

/** A line that is written over, on a terminal only. */
function progress(label: string): (done: number, total: number) => void {
  return (done, total) => {
    if (options!.terminal) writeSync(2, `\r${label}: ${done} of ${total}${done === total ? '\n' : ''}`);
  };
}

function judge(flaws: readonly string[]): void {
  for (const flaw of flaws.slice(0, 20)) say(`  wrong: ${flaw}`);
  if (flaws.length > 20) say(`  and ${flaws.length - 20} more`);
  if (flaws.length > 0) throw new Error(`${flaws.length} things are wrong`);
}

it.runIf(options?.parts.includes('calendar') === true)('calendar', () => {
  const { seed, years } = options!;
  const report = simulateCalendar({ seed, year: 2026, years, progress: progress('zones') });
  say(`calendar: ${report.calendars} calendars in ${ZONES.length} zones over ${years} years, ${report.periods} periods`);
  judge(report.flaws);
});

it.runIf(options?.parts.includes('company') === true)('company', async () => {
  const { seed, years, customers, between } = options!;
  const made = await project();
  const days = Math.round(years * 365.25);
  const report = await simulateCompany(made, {
    seed, from: '2026-01-01', days, customers, days_between_runs: between, bookings_a_week: 0.5, progress: progress('runs'),
  });
  say(`company: ${customers} customers, ${report.bookings} bookings, ${report.invoices} invoices`);
  for (const year of report.years) say(`  year ${year.year}: ${told(year)}`);
  const lived = report.years.filter(({ year, events }) => year <= years && events > 0);
  const [first, last] = [perEvent(lived[0]), perEvent(lived.at(-1))];
  const ratio = first === null || last === null ? 1 : last / first;
  say(`  an event of the last year takes ${ratio.toFixed(2)} times as long as one of the first`);
  judge([...report.flaws, ...(ratio > MOST ? [`runs become slower than what falls due: ${ratio.toFixed(1)} times, ${MOST} are allowed`] : [])]);
});

it.runIf(options?.parts.includes('schedule') === true)('schedule', async () => {
  const { seed, worlds } = options!;
  const flaws: string[] = [];
  for (let i = 0; i < worlds; i += 1) {
    flaws.push(...(await differences(seed + i)).map((each) => `seed ${seed + i}: ${each}`));
    progress('worlds')(i + 1, worlds);
  }
  say(`schedule: ${worlds} made-up projects, each with two schedules of runs`);
  judge(flaws);
});

it.runIf(options?.parts.includes('ledger') === true)('ledger', async () => {
  const { seed, seeds } = options!;
  const months = options!.months === 0 ? undefined : options!.months;
  let lived = 0;
  const { counts, flaws, ...sums } = await liveAll(seed, seeds, {
    months, ...(seeds === 1 ? { say: (text) => void say(text) } : {}),
    done: (report) => {
      // At once: ten thousand ledgers take hours.
      for (const flaw of report.flaws) say(`seed ${report.seed}: ${flaw}\n  repeat it with: ${repeat(report.seed, months)}`);
      progress('ledgers')(lived += 1, seeds);
      if (!options!.terminal && lived % 50 === 0) say(`${lived} of ${seeds} ledgers`);
    },
  });
  say(`ledger: ${seeds} ledgers, ${Object.entries(sums).map(([key, n]) => `${n} ${key}`).join(', ')}`);
  for (const [key, n] of [...counts].sort(([x], [y]) => (x < y ? -1 : 1))) say(`  ${key}: ${n}`);
  if (flaws.length > 0) throw new Error(`${flaws.length} things are wrong`);
});

/** What two schedules of one world leave differently: facts of the ledger first, then files. */
async function differences(seed: number): Promise<string[]> {
  const stretches = stretchesOf(seed);
  const [once, often] = [await project(), await project()];
  try {
    await live(once, stretches, false);
    await live(often, stretches, true);
    const [rowsOnce, rowsOften] = [new Set((await factsOf(once)).flat()), new Set((await factsOf(often)).flat())];
    const facts = [...[...rowsOnce].filter((row) => !rowsOften.has(row)).map((row) => `only with few runs: ${row}`),
      ...[...rowsOften].filter((row) => !rowsOnce.has(row)).map((row) => `only with many runs: ${row}`)];
    if (facts.length > 0) return facts.slice(0, 6);
    const same = isDeepStrictEqual(await once.outcome(), await often.outcome());
    return [...(same ? [] : ['ledger and files differ in their bytes']), ...await often.flaws()];
  } catch (error) {
    return [String(error)];
  }
}

function perEvent(year: YearOfRuns | undefined): number | null {
  return year === undefined || year.events === 0 ? null : year.ms / year.events;
}

function told(year: YearOfRuns): string {
  const each = perEvent(year);
  return `${year.runs} runs, ${year.events} commits, ${(year.ms / 1000).toFixed(1)} s, slowest ${Math.round(year.slowest_ms)} ms${each === null ? '' : `, ${Math.round(each)} ms a commit`}`;
}
