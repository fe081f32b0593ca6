/** Rules about prices of usage: what each model needs and takes, tiers without holes, metrics, bounds. */
import { parseDecimal } from '../values/money.js';
import { models, writtenPrices } from './agreement-facts.js';
import type { WrittenPrices } from './agreement-facts.js';
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { isOfAmounts } from './resolve-prices.js';
import type { PriceSpec } from './shape-agreements.js';

type Key = keyof PriceSpec;
type Model = NonNullable<PriceSpec['model']>;

/** Keys that every model takes. */
const COMMON: readonly Key[] = ['from', 'model', 'included', 'minimum', 'maximum', 'per', 'metric'];
const PER_BOOKING: readonly Key[] = ['included_bookings', 'fee_per_booking', 'minimum_per_booking', 'maximum_per_booking'];
const NEEDS: Readonly<Record<Model, readonly Key[]>> = {
  per_unit: ['unit_price'], package: ['unit_price', 'package_size'], graduated: ['tiers'], volume: ['tiers'],
  percentage: ['percent'], cost_plus: ['markup'], flat: ['amount'],
};

/** Each model has the keys that it needs and no others. */
export function priceModels(facts: Facts): void {
  for (const written of writtenPrices(facts)) {
    for (const [spec, path] of models(written)) {
      const model = spec.model ?? 'per_unit';
      const needed = NEEDS[model];
      const ofAmounts = model === 'percentage' || model === 'cost_plus';
      const taken = [...COMMON, ...needed, ...(ofAmounts ? PER_BOOKING : [])];
      for (const key of needed) {
        if (spec[key] !== undefined) continue;
        const hint = spec.model === undefined && spec.tiers !== undefined ? 'name the model: graduated or volume' : `add ${example(key)}`;
        facts.error('CONFIG_MISSING_KEY', path, `${written.owner}: the model ${model} needs the key "${key}"`, hint);
      }
      for (const key of Object.keys(spec) as Key[]) {
        if (taken.includes(key)) continue;
        const other = (Object.keys(NEEDS) as Model[]).filter((each) => NEEDS[each].includes(key));
        const belongs = PER_BOOKING.includes(key) ? 'percentage' : other.join(' or ');
        facts.error(
          'CONFIG_VALUE', [...path, key], `${written.owner}: "${key}" is none of the model ${model}`,
          `remove it, or use model: ${belongs}`,
        );
      }
      if (model === 'graduated' || model === 'volume') tiers(facts, written.owner, spec, path);
      amountsMeasured(facts, written.owner, spec, path);
      dividedSingly(facts, written.owner, spec, path);
      bounds(facts, written, spec, path);
    }
  }
}

function example(key: Key): string {
  if (key === 'tiers') return 'tiers: [{ up_to: "10", unit_price: "95" }, { unit_price: "85" }]';
  return `${key}: "${key === 'percent' || key === 'markup' ? '5' : '10'}"`;
}

/** Tiers ascend, only the last has no end, and each says what it costs. */
function tiers(facts: Facts, owner: string, { tiers: list = [] }: PriceSpec, path: Path): void {
  let before = 0n;
  list.forEach((tier, index) => {
    const at: Path = [...path, 'tiers', index];
    const isLast = index === list.length - 1;
    const upTo = tier.up_to === undefined ? null : parseDecimal(tier.up_to)!;
    if (isLast && upTo !== null) {
      facts.error(
        'CONFIG_VALUE', [...at, 'up_to'], `${owner}: the last tier ends at ${tier.up_to}, and nothing has a price above it`,
        'remove its "up_to", or add a tier without one',
      );
    } else if (!isLast && upTo === null) {
      facts.error(
        'CONFIG_MISSING_KEY', at, `${owner}: tier ${index + 1} has no "up_to" and hides the tiers below it`,
        'say up to where it goes',
      );
    } else if (upTo !== null && upTo <= before) {
      facts.error(
        'CONFIG_VALUE', [...at, 'up_to'],
        `${owner}: tier ${index + 1} goes up to ${tier.up_to}, but the one before up to ${list[index - 1]!.up_to!}`,
        'list the tiers ascending; each begins where the one before ends',
      );
    }
    before = upTo ?? before;
    if (tier.unit_price === undefined && tier.percent === undefined && tier.flat_fee === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', at, `${owner}: tier ${index + 1} has no price`,
        'add unit_price, percent or flat_fee; "0" if it is free',
      );
    }
    if (tier.package_size !== undefined && tier.unit_price === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', at, `${owner}: tier ${index + 1} has a package_size and no unit_price`,
        'add the price per package',
      );
    }
  });
}

/** Percents are of amounts; prices per unit are of quantities, counts, or amounts on purpose. */
function amountsMeasured(facts: Facts, owner: string, spec: PriceSpec, path: Path): void {
  const { metric } = spec;
  if (metric === undefined) return;
  const at: Path = [...path, 'metric'];
  if (metric.of === 'count' && metric.column !== undefined) {
    facts.error('CONFIG_VALUE', [...at, 'column'], `${owner}: count counts bookings and has no column`, 'remove the key, or use unique');
  } else if (metric.of === 'unique' && metric.column === undefined) {
    facts.error('CONFIG_MISSING_KEY', at, `${owner}: unique needs a column`, 'say whose values are counted, like column: description');
  } else if (/^(sum|max|latest)$/.test(metric.of) && !/^(quantity|amount)$/.test(metric.column ?? 'quantity')) {
    facts.error(
      'CONFIG_VALUE', [...at, 'column'], `${owner}: ${metric.of} needs numbers, and ${metric.column} has none`,
      'use quantity or amount',
    );
  }
  if (metric.round_up === true && metric.divide_by === undefined) {
    facts.error(
      'CONFIG_VALUE', [...at, 'round_up'], `${owner}: "round_up" belongs to "divide_by"`,
      'add divide_by: "1" to round up to whole units',
    );
  }
  if (isOfAmounts(spec) && (metric.of !== 'sum' || metric.column === 'quantity')) {
    facts.error(
      'CONFIG_VALUE', at, `${owner}: percents are of amounts, but something else is measured`,
      'use metric: { of: sum, column: amount }',
    );
  }
}

/** A fee, or a least and a most, of each booking: then it is the bookings that are priced, and nothing is left to divide. */
function dividedSingly(facts: Facts, owner: string, spec: PriceSpec, path: Path): void {
  if (spec.metric?.divide_by === undefined || !PER_BOOKING.some((key) => spec[key] !== undefined)) return;
  facts.error(
    'CONFIG_VALUE', [...path, 'metric', 'divide_by'], `${owner}: bookings are priced one by one here, so "divide_by" means nothing`,
    'remove it, or the keys per booking',
  );
}

function bounds(facts: Facts, { owner, agreement }: WrittenPrices, spec: PriceSpec, path: Path): void {
  for (const [low, high] of [['minimum', 'maximum'], ['minimum_per_booking', 'maximum_per_booking']] as const) {
    const [least, most] = [spec[low], spec[high]];
    if (least === undefined || most === undefined || parseDecimal(least)! <= parseDecimal(most)!) continue;
    facts.error(
      'CONFIG_VALUE', [...path, low], `${owner}: the ${low} ${least} is above the ${high} ${most}`,
      'exchange them, or remove one',
    );
  }
  if (spec.per === 'term' && agreement?.until === undefined) {
    const why = agreement === null ? 'is in no agreement' : 'is in an agreement without end';
    facts.error(
      'CONFIG_VALUE', [...path, 'per'], `${owner}: "per: term" needs a term, and the price ${why}`,
      'use year, or give the agreement an end',
    );
  }
}
