/** Rules about overrides: each is about one thing, says what and why, and finds what it names. */
import { parseDecimal } from '../values/money.js';
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { reference } from './reference.js';
import type { OverrideSpec } from './shape-overrides.js';
import { didYouMean } from './suggest.js';

const ACTIONS = ['hold', 'skip', 'release', 'lines', 'purchase_order', 'note'] as const;
/** Quantity times price, both in millionths: an invoice holds up to 10^15 minor units, so a line by hand stays below 10^12 units. */
const MOST = 10n ** 24n;

/** What an override is about, and what it does. */
export function overrideTargets(facts: Facts): void {
  for (const [index, override] of (facts.top('overrides') ?? []).entries()) {
    const path: Path = ['overrides', index];
    const wrong = targetProblem(override);
    if (wrong !== null) facts.error('CONFIG_VALUE', path, wrong[0], wrong[1]);
    const needsReason = override.hold === true || override.skip === true || override.release === true;
    if (needsReason && override.reason === undefined) {
      facts.error('CONFIG_MISSING_KEY', path, 'an override that holds, skips or releases needs the key "reason"', 'say in a few words why');
    }
  }
}

function targetProblem(override: OverrideSpec): [string, string] | null {
  const does = ACTIONS.filter((action) => override[action] !== undefined && override[action] !== false);
  if (does.length === 0) return ['this override does nothing', 'add hold, skip, release, lines, purchase_order or note, or remove it'];
  if ((override.customer === undefined) === (override.booking === undefined)) {
    return ['an override is about a customer or about a booking', 'write `customer: …` or `booking: …`, one of the two'];
  }
  if (override.booking !== undefined) {
    const isMore = does.some((action) => action !== 'hold') || override.batch !== undefined || override.period !== undefined;
    return isMore ? ['a booking can be held, nothing else', 'name the customer and the batch instead'] : null;
  }
  if (override.batch !== undefined && override.period !== undefined) {
    return ['"batch" and "period" say the same thing twice', 'keep one of them'];
  }
  if (override.hold === true && (override.skip === true || override.release === true)) {
    return ['a customer cannot be held and let go at once', 'keep one of hold, skip and release'];
  }
  const isAlways = override.batch === undefined && override.period === undefined;
  const once = does.find((action) => action !== 'hold');
  if (isAlways && once !== undefined) {
    return [`"${once}" needs a batch or a period`, 'add batch: 2026-05-01, or period: with the date it begins on'];
  }
  return null;
}

/** Customers, sources, products and taxes that overrides name. */
export function overrideReferences(facts: Facts): void {
  const sources = [...facts.bookings().map(([, { name }]) => name), ...facts.ids('repeat_bookings').map((id) => `repeat:${id}`)];
  for (const [index, override] of (facts.top('overrides') ?? []).entries()) {
    const path: Path = ['overrides', index];
    if (override.customer !== undefined) reference(facts, 'customers', override.customer, [...path, 'customer']);
    const { source, booking } = override;
    if (source !== undefined && !sources.includes(source)) {
      facts.error(
        'CONFIG_REFERENCE', [...path, 'source'], `there is no source of bookings "${source}"`,
        didYouMean(source, sources) ?? 'see `bookings`',
      );
    }
    if (booking !== undefined && source === undefined && sources.length !== 1) {
      facts.error('CONFIG_MISSING_KEY', path, `booking ${booking} could be of any source`, `add source: one of ${sources.join(', ')}`);
    }
    for (const [place, line] of (override.lines ?? []).entries()) manualLine(facts, override, line, [...path, 'lines', place]);
  }
}

/** A line is billed once because it has an id that stays: two lines must not share one. */
export function manualLineIds(facts: Facts): void {
  const first = new Map<string, Path>();
  for (const [index, override] of (facts.top('overrides') ?? []).entries()) {
    for (const [place, line] of (override.lines ?? []).entries()) {
      const path: Path = ['overrides', index, 'lines', place];
      const key = JSON.stringify([override.customer, override.batch ?? override.period, line.id ?? String(place + 1)]);
      const other = first.get(key);
      if (other === undefined) first.set(key, path);
      else {
        facts.error(
          'CONFIG_DUPLICATE_KEY', path, `two lines of customer ${override.customer ?? ''} have the same id "${line.id ?? place + 1}"`,
          'give each line an `id` of its own', facts.place(other),
        );
      }
    }
  }
}

type Line = NonNullable<OverrideSpec['lines']>[number];

function manualLine(facts: Facts, override: OverrideSpec, line: Line, path: Path): void {
  const { product, tax } = line;
  if (product !== undefined) reference(facts, 'products', product, [...path, 'product']);
  if (tax !== undefined) reference(facts, 'taxes', tax, [...path, 'tax']);
  if (product === undefined && line.description === undefined) {
    facts.error('CONFIG_MISSING_KEY', path, 'a line needs the key "description" or "product"', 'say what stands on the invoice');
  }
  const customer = override.customer === undefined ? undefined : facts.get('customers', override.customer);
  const known = product === undefined ? undefined : facts.get('products', product);
  const price = line.unit_price ?? (product === undefined ? undefined : customer?.prices?.[product] ?? known?.price);
  if (price === undefined && (product === undefined || known !== undefined)) {
    facts.error('CONFIG_MISSING_KEY', path, 'a line needs the key "unit_price"', 'its product has no price');
  }
  if (typeof price === 'string') {
    const size = (parseDecimal(line.quantity ?? '1') ?? 0n) * (parseDecimal(price) ?? 0n);
    if ((size < 0n ? -size : size) >= MOST) {
      facts.error('CONFIG_VALUE', path, 'the amount of this line is too large to be true', 'check quantity and unit_price');
    }
  }
  const needsTax = tax === undefined && customer?.tax === undefined && known?.tax === undefined && facts.top('tax') === undefined;
  if (needsTax && (product === undefined || known !== undefined) && (override.customer === undefined || customer !== undefined)) {
    facts.error('CONFIG_MISSING_KEY', path, 'no tax is declared for this line', 'add tax: with the id of a tax');
  }
}
