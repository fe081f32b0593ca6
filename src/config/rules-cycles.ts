/** Rules about cycles and about which customer is billed by which of them when. */
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { reference } from './reference.js';
import type { CustomerSpec } from './shape.js';

/** A local date or time in one form, so that texts compare as times do. */
export function fullTime(local: string): string {
  return local.length === 10 ? `${local}T00:00:00` : local.length === 16 ? `${local}:00` : local;
}

/** `every` or `dates` for custom, and for nothing else. */
export function cycleSteps(facts: Facts): void {
  for (const [id, cycle] of facts.entries('cycles')) {
    const path = ['cycles', id];
    const given = [cycle.every, cycle.dates].filter((each) => each !== undefined).length;
    if (cycle.type === 'custom' && given !== 1) {
      facts.error(
        'CONFIG_CYCLE', [...path, 'type'],
        `cycle ${id} is custom and ${given === 0 ? 'has neither "every" nor "dates"' : 'has both "every" and "dates"'}`,
        'give exactly one: every: { days: 10 }, or dates: [2026-01-01, …]',
      );
    }
    if (cycle.type !== 'custom' && given > 0) {
      const key = cycle.every === undefined ? 'dates' : 'every';
      facts.error('CONFIG_CYCLE', [...path, key], `cycle ${id} is ${cycle.type} and has "${key}"`, 'use type: custom, or remove the key');
    }
    const units = Object.keys(cycle.every ?? {});
    if (cycle.every !== undefined && units.length !== 1) {
      facts.error(
        'CONFIG_CYCLE', [...path, 'every'], `"every" of cycle ${id} has ${units.length === 0 ? 'no unit' : units.join(' and ')}`,
        'give exactly one of days, weeks, months, years',
      );
    }
  }
}

/** A start, and an end behind it. */
export function cycleBounds(facts: Facts): void {
  for (const [id, { start, end, dates }] of facts.entries('cycles')) {
    if (start === undefined && dates === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', ['cycles', id], `cycle ${id}: the key "start" is missing`,
        'add the first day of its first period, like start: 2026-01-01',
      );
    }
    if (start !== undefined && end !== undefined && fullTime(end) <= fullTime(start)) {
      facts.error(
        'CONFIG_CYCLE', ['cycles', id, 'end'], `cycle ${id} ends at ${end}, not after its start at ${start}`,
        'the end must be later than the start',
      );
    }
  }
}

/** Listed boundaries say everything themselves. */
export function cycleDates(facts: Facts): void {
  for (const [id, cycle] of facts.entries('cycles')) {
    const { dates } = cycle;
    if (dates === undefined) continue;
    if (dates.length < 2) {
      facts.error(
        'CONFIG_CYCLE', ['cycles', id, 'dates'], `cycle ${id} has one date`,
        'a period needs two: the last one only ends the period before it',
      );
    }
    dates.forEach((date, index) => {
      if (index > 0 && date <= dates[index - 1]!) {
        facts.error(
          'CONFIG_CYCLE', ['cycles', id, 'dates', index], `cycle ${id}: ${date} does not come after ${dates[index - 1]}`,
          'list the dates ascending',
        );
      }
    });
    for (const key of ['end', 'recurring_count'] as const) {
      if (cycle[key] !== undefined) {
        facts.error(
          'CONFIG_CYCLE', ['cycles', id, key], `cycle ${id} has "dates" and "${key}"`, 'the last date is the end: remove the key',
        );
      }
    }
    if (cycle.start !== undefined && fullTime(cycle.start) !== fullTime(dates[0]!)) {
      facts.error(
        'CONFIG_CYCLE', ['cycles', id, 'start'], `cycle ${id} starts at ${cycle.start}, but its first date is ${dates[0]}`,
        'remove the key "start"',
      );
    }
  }
}

/** Pauses that end after they begin, one behind the other. */
export function cyclePauses(facts: Facts): void {
  for (const [id, { pause }] of facts.entries('cycles')) {
    pause?.forEach(({ from, until }, index) => {
      const path: Path = ['cycles', id, 'pause', index];
      const before = pause[index - 1];
      if (until !== undefined && until <= from) {
        facts.error(
          'CONFIG_CYCLE', [...path, 'until'], `a pause of cycle ${id} begins on ${from} and is over on ${until}`,
          '"until" is the first day that is billed again',
        );
      }
      if (before !== undefined && (before.until === undefined || from < before.until)) {
        facts.error(
          'CONFIG_CYCLE', [...path, 'from'], `a pause of cycle ${id} begins on ${from}, before the one above it is over`,
          'list pauses ascending and apart',
        );
      }
    });
  }
}

/** Every customer's cycles are known, ascending and apart, so that its periods tile the time line. */
export function customerCycles(facts: Facts): void {
  for (const [id, { cycle }] of facts.entries('customers')) {
    const path: Path = ['customers', id, 'cycle'];
    if (typeof cycle === 'string') reference(facts, 'cycles', cycle, path);
    else usesOf(facts, id, cycle);
  }
}

function usesOf(facts: Facts, customer: string, uses: Exclude<CustomerSpec['cycle'], string>): void {
  uses.forEach(({ use, from, until }, index) => {
    const path: Path = ['customers', customer, 'cycle', index];
    const before = uses[index - 1];
    reference(facts, 'cycles', use, [...path, 'use']);
    if (before !== undefined && from === undefined) {
      facts.error(
        'CONFIG_CYCLE', path, `customer ${customer}: cycle ${use} has no "from"`, 'say from when it takes over, like from: 2026-07-01',
      );
    }
    if (from !== undefined && until !== undefined && fullTime(until) <= fullTime(from)) {
      facts.error(
        'CONFIG_CYCLE', [...path, 'until'], `customer ${customer}: cycle ${use} ends at ${until}, not after ${from}`,
        '"until" must be later than "from"',
      );
    }
    if (before === undefined || from === undefined) return;
    const bound = before.until ?? null;
    if (bound !== null && fullTime(from) < fullTime(bound)) {
      facts.error(
        'CONFIG_CYCLE', [...path, 'from'], `customer ${customer}: cycle ${use} begins at ${from}, before ${before.use} ends at ${bound}`,
        'two cycles at once would bill twice: remove the "until" above, or move "from"',
      );
    } else if (before.from !== undefined && fullTime(from) <= fullTime(before.from)) {
      facts.error(
        'CONFIG_CYCLE', [...path, 'from'],
        `customer ${customer}: cycle ${use} begins at ${from}, not after ${before.use} at ${before.from}`, 'list the cycles ascending',
      );
    }
  });
}
