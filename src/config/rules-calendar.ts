/** Rules about business days, send windows and settings that make no sense for a cycle. */
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { automationLevels } from './provenance.js';
import type { AutomationLevel } from './provenance.js';
import { fullTime } from './rules-cycles.js';
import type { AutomationSpec, CycleSpec } from './shape.js';
import { DEFAULT_WEEKEND, WEEKDAYS, weekdayOf } from './weekdays.js';

/** Days that a turn has at most. */
const TURN_DAYS: Readonly<Record<Exclude<CycleSpec['type'], 'custom'>, number>> = {
  'daily': 1, 'weekly': 7, 'bi-weekly': 14, 'monthly': 31, 'quarterly': 92, 'semi-annually': 184, 'annually': 366,
};

/** What the business calendar says of itself. */
export function businessCalendar(facts: Facts): void {
  const spec = facts.top('business_calendar');
  if (spec === undefined) return;
  const path: Path = ['business_calendar'];
  if (spec.region !== undefined && spec.country === undefined) {
    facts.error('CONFIG_MISSING_KEY', [...path, 'region'], 'business_calendar: a region needs the key "country"', 'add country: DE');
  }
  if (WEEKDAYS.every((day) => spec.weekend?.includes(day) === true)) {
    facts.error('CONFIG_VALUE', [...path, 'weekend'], 'the weekend has all seven days: no day is a business day', 'leave a day out');
  }
  spec.working_days?.forEach((date, index) => {
    const other = spec.holidays?.indexOf(date) ?? -1;
    if (other === -1) return;
    facts.error('CONFIG_VALUE', [...path, 'working_days', index], `${date} is a holiday and a working day`, 'keep it in one of the lists',
      facts.place([...path, 'holidays', other]));
  });
}

/** Settings that refer to business days need to know them. `isWritten`: there is a business calendar, perhaps a wrong one. */
export function businessDayRules(facts: Facts, isWritten: boolean): void {
  if (isWritten) return;
  const check = (automation: AutomationSpec | undefined, path: Path): void => {
    for (const [key, rule] of Object.entries(automation?.business_days ?? {})) {
      if (rule === 'none') continue;
      facts.error('CONFIG_MISSING_KEY', [...path, 'automation', 'business_days', key],
        `"${key}: ${rule}" needs the key "business_calendar"`,
        'add business_calendar: { country: DE }, or business_calendar: { weekend: [sat, sun] } for weekends alone');
    }
  };
  check(facts.top('automation'), []);
  for (const map of ['partners', 'cycles', 'customers'] as const) {
    for (const [id, { automation }] of facts.entries(map)) check(automation, [map, id]);
  }
}

/** A window whose days are all weekend keeps mail for ever where sending waits for business days. */
export function closedSendWindows(facts: Facts): void {
  const calendar = facts.top('business_calendar');
  if (calendar === undefined) return;
  const weekend = calendar.weekend ?? DEFAULT_WEEKEND;
  const told = new Set<string>();
  for (const { levels, who } of combinations(facts)) {
    const window = winner(levels, (spec) => spec.send_window);
    const rule = winner(levels, (spec) => spec.business_days?.send);
    const days = window?.value?.days;
    if (window === null || days === undefined || rule === null || rule.value === 'none') continue;
    const worked = calendar.working_days?.some((date) => days.includes(weekdayOf(date))) === true;
    const path = [...window.level.path, 'send_window'];
    if (worked || !days.every((day) => weekend.includes(day)) || told.has(path.join('\0'))) continue;
    told.add(path.join('\0'));
    const closed = `${days.join(', ')} ${days.length === 1 ? 'is no business day' : 'are no business days'}`;
    facts.error('CONFIG_VALUE', path, `the send window of ${who} never opens: ${closed}`,
      'add a business day to its days, or set business_days: { send: none }', facts.place([...rule.level.path, 'business_days']));
  }
}

/** In arrears a preview from before its period has nothing in it. */
export function longLeads(facts: Facts): void {
  for (const [id, cycle] of facts.entries('cycles')) {
    const days = turnDays(cycle);
    const levels = levelsOf(facts, id, undefined, undefined);
    const lead = winner(levels, (spec) => spec.lead_days);
    if (days === null || cycle.timing === 'in_advance' || lead === null || lead.value <= days) continue;
    facts.warn('CONFIG_CYCLE', [...lead.level.path, 'lead_days'],
      `cycle ${id}: the preview is made ${lead.value} days before the billing date, when its period has not begun`,
      `a period has ${days} days: use fewer lead_days for this cycle, or timing: in_advance`);
  }
}

function turnDays({ type, every }: CycleSpec): number | null {
  if (type !== 'custom') return TURN_DAYS[type];
  if (every === undefined) return null;
  return (every.days ?? 0) + 7 * (every.weeks ?? 0) + 31 * (every.months ?? 0) + 366 * (every.years ?? 0);
}

/** Pauses outside of the cycle's time, and merging where there is only one period. */
export function idleCycleKeys(facts: Facts): void {
  for (const [id, { start, end, dates, pause, first_period: first, recurring_count: count }] of facts.entries('cycles')) {
    const begin = start ?? dates?.[0];
    const over = end ?? dates?.at(-1);
    pause?.forEach(({ from, until }, index) => {
      const path: Path = ['cycles', id, 'pause', index];
      if (begin !== undefined && until !== undefined && fullTime(until) <= fullTime(begin)) {
        facts.warn('CONFIG_CYCLE', [...path, 'until'], `a pause of cycle ${id} is over on ${until}, before the cycle starts at ${begin}`,
          'remove it, or correct its dates');
      }
      if (over !== undefined && dates === undefined && fullTime(from) > fullTime(over)) {
        facts.warn('CONFIG_CYCLE', [...path, 'from'], `a pause of cycle ${id} begins on ${from}, after the cycle ended at ${over}`,
          'remove it, or correct its dates');
      }
    });
    if (first === 'merge' && (count === 1 || dates?.length === 2)) {
      facts.error('CONFIG_CYCLE', ['cycles', id, 'first_period'], `cycle ${id} has one period: there is none to merge its first one with`,
        'use first_period: stub, or remove the key');
    }
  }
}

/** A customer that uses a cycle only when it is over, or until before it starts, is never billed by it. */
export function usesOutsideOfCycle(facts: Facts): void {
  for (const [customer, { cycle: uses }] of facts.entries('customers')) {
    if (typeof uses === 'string') continue;
    uses.forEach(({ use, from, until }, index) => {
      const cycle = facts.get('cycles', use);
      const begin = cycle?.start ?? cycle?.dates?.[0];
      const over = cycle?.end ?? cycle?.dates?.at(-1);
      const path: Path = ['customers', customer, 'cycle', index];
      if (from !== undefined && over !== undefined && fullTime(from) >= fullTime(over)) {
        facts.error('CONFIG_CYCLE', [...path, 'from'], `customer ${customer}: cycle ${use} is used from ${from} and ends at ${over}`,
          `use another cycle, or let ${use} end later`, facts.place(['cycles', use, 'end']));
      }
      if (until !== undefined && begin !== undefined && fullTime(until) <= fullTime(begin)) {
        facts.error('CONFIG_CYCLE', [...path, 'until'], `customer ${customer}: cycle ${use} is used until ${until} and starts at ${begin}`,
          `use another cycle, or let ${use} start earlier`, facts.place(['cycles', use, 'start']));
      }
    });
  }
}

/** Every cycle by itself, and every use of a customer; those with the same levels once. */
function combinations(facts: Facts): { levels: AutomationLevel[]; who: string }[] {
  const found = new Map<string, { levels: AutomationLevel[]; who: string }>();
  for (const [id] of facts.entries('cycles')) {
    found.set(`\0${id}`, { levels: levelsOf(facts, id, undefined, undefined), who: `cycle ${id}` });
  }
  for (const [id, { cycle, partner, automation }] of facts.entries('customers')) {
    for (const use of typeof cycle === 'string' ? [cycle] : cycle.map((each) => each.use)) {
      const key = `${partner ?? ''}\0${use}${automation === undefined ? '' : `\0${id}`}`;
      if (!found.has(key)) found.set(key, { levels: levelsOf(facts, use, partner, id), who: `customer ${id}` });
    }
  }
  return [...found.values()];
}

function levelsOf(facts: Facts, cycle: string, partner: string | undefined, customer: string | undefined): AutomationLevel[] {
  return automationLevels({
    automation: facts.top('automation'),
    partner: { id: partner, automation: partner === undefined ? undefined : facts.get('partners', partner)?.automation },
    cycle: { id: cycle, automation: facts.get('cycles', cycle)?.automation },
    customer: { id: customer ?? '', automation: customer === undefined ? undefined : facts.get('customers', customer)?.automation },
  });
}

/** The level that says a setting last, and what; null if none does. */
function winner<T>(
  levels: readonly AutomationLevel[], pick: (spec: AutomationSpec) => T | undefined,
): { level: AutomationLevel; value: T } | null {
  for (const level of levels.toReversed()) {
    const value = level.spec === undefined ? undefined : pick(level.spec);
    if (value !== undefined) return { level, value };
  }
  return null;
}
