/** Which line of which file a setting of a customer comes from. Automation is laid in levels; the last one that says a key wins. */
import type { Place } from '../values/diagnostic.js';
import type { Path } from './positions.js';
import type { AutomationSpec, ConfigSpec } from './shape.js';
import type { Automation, Customer, Setting, SettingLevel } from './types.js';

/** One level of automation, and where it is written. */
export interface AutomationLevel {
  readonly level: Exclude<SettingLevel, 'default'>;
  readonly path: Path;
  readonly spec: AutomationSpec | undefined;
}

interface Levels {
  readonly automation: AutomationSpec | undefined;
  readonly partner: { readonly id: string | undefined; readonly automation: AutomationSpec | undefined };
  readonly cycle: { readonly id: string; readonly automation: AutomationSpec | undefined };
  readonly customer: { readonly id: string; readonly automation: AutomationSpec | undefined };
}

/** Settings that consist of others, each laid key by key. */
const NESTED: readonly (keyof Automation)[] = ['business_days', 'limits'];

/** The levels in the order in which they are laid: the last one wins. */
export function automationLevels({ automation, partner, cycle, customer }: Levels): AutomationLevel[] {
  return [
    { level: 'project', path: ['automation'], spec: automation },
    ...(partner.id === undefined
      ? [] : [{ level: 'partner' as const, path: ['partners', partner.id, 'automation'], spec: partner.automation }]),
    { level: 'cycle', path: ['cycles', cycle.id, 'automation'], spec: cycle.automation },
    { level: 'customer', path: ['customers', customer.id, 'automation'], spec: customer.automation },
  ];
}

/**
 * Every automation setting of a customer's use of a cycle: its value as text, the level that said it, and where. Computed when asked;
 * throws an Error for a customer or a use that is not there.
 */
export function settingsOf(
  spec: ConfigSpec, customers: readonly Customer[], place: (path: Path) => Place,
): (customer_id: string, use_no: number) => Setting[] {
  return (customer_id, use_no) => {
    const customer = customers.find((each) => each.customer_id === customer_id);
    const use = customer?.cycle[use_no];
    if (customer === undefined || use === undefined) throw new Error(`there is no use ${use_no} of customer ${customer_id}`);
    const partner = customer.partner_id ?? undefined;
    const levels = automationLevels({
      automation: spec.automation,
      partner: { id: partner, automation: partner === undefined ? undefined : spec.partners?.[partner]?.automation },
      cycle: { id: use.cycle_id, automation: spec.cycles?.[use.cycle_id]?.automation },
      customer: { id: customer_id, automation: spec.customers?.[customer_id]?.automation },
    });
    return leaves(use.automation).map(({ keys, value }) => {
      const from = levels.findLast((level) => said(level.spec, keys));
      const at = from === undefined ? null : place([...from.path, ...keys]);
      return { setting: keys.join('.'), value: valueText(value), level: from?.level ?? 'default', at };
    });
  };
}

function leaves(automation: Automation): { keys: string[]; value: unknown }[] {
  return Object.entries(automation).flatMap(([key, value]: [string, unknown]) => (
    NESTED.includes(key as keyof Automation)
      ? Object.entries(value as object).map(([inner, each]: [string, unknown]) => ({ keys: [key, inner], value: each }))
      : [{ keys: [key], value }]));
}

/** Whether a level says a setting; null is said too. */
function said(spec: AutomationSpec | undefined, keys: readonly string[]): boolean {
  let value: unknown = spec;
  for (const key of keys) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  return value !== undefined;
}

/** "mon tue 08:00-18:00" for a window, "none" for null, else as it is written. */
function valueText(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  const { days, from, until } = value as NonNullable<Automation['send_window']>;
  return `${days.length === 7 ? 'every day' : days.join(' ')} ${from}-${until}`;
}
