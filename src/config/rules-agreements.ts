/** Rules about agreements: what they refer to, their ids, their days, and the customers they are made with. */
import { ascending, boundsIn, models, partsIn, writtenPrices } from './agreement-facts.js';
import { lastDayOf } from './agreement-dates.js';
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { reference } from './reference.js';
import { fullTime } from './rules-cycles.js';
import type { AgreementSpec, ChargeSpec } from './shape-agreements.js';
import type { CustomerSpec } from './shape.js';

/** Taxes, products, indexes and agreements that are named are there. */
export function agreementReferences(facts: Facts): void {
  for (const [id, agreement] of facts.entries('agreements')) {
    const path: Path = ['agreements', id];
    const taxes: [string | undefined, Path][] = [[agreement.tax, path]];
    const products: [string | undefined, Path][] = Object.keys(agreement.prices ?? {})
      .map((product) => [product, [...path, 'prices', product]]);
    for (const [part, at] of partsIn(agreement, path)) {
      taxes.push([part.tax, at]);
      products.push([part.product, [...at, 'product']]);
    }
    for (const [{ tax }, at] of boundsIn(agreement, 'minimum', path)) taxes.push([tax, at]);
    agreement.discounts?.forEach((discount, index) => {
      discount.products?.forEach((product, n) => products.push([product, [...path, 'discounts', index, 'products', n]]));
    });
    for (const [tax, at] of taxes) if (tax !== undefined) reference(facts, 'taxes', tax, [...at, 'tax']);
    for (const [product, at] of products) if (product !== undefined) reference(facts, 'products', product, at);
  }
  for (const [id, customer] of facts.entries('customers')) {
    customer.agreements?.forEach((agreement, index) => reference(facts, 'agreements', agreement, ['customers', id, 'agreements', index]));
    for (const [product, tax] of Object.entries(customer.taxes ?? {})) {
      reference(facts, 'products', product, ['customers', id, 'taxes', product]);
      reference(facts, 'taxes', tax, ['customers', id, 'taxes', product]);
    }
  }
  metricReferences(facts);
}

function metricReferences(facts: Facts): void {
  const sources = facts.bookings().map(([, { name }]) => name);
  for (const written of writtenPrices(facts)) {
    for (const [{ metric }, path] of models(written)) {
      const { product, source } = metric?.where ?? {};
      const at = (key: string, index: number, list: unknown): Path => (
        [...path, 'metric', 'where', key, ...(Array.isArray(list) ? [index] : [])]);
      listOf(product).forEach((each, index) => reference(facts, 'products', each, at('product', index, product)));
      listOf(source).forEach((each, index) => {
        if (sources.includes(each)) return;
        facts.error(
          'CONFIG_REFERENCE', at('source', index, source), `there is no source of bookings "${each}"`,
          `known: ${sources.join(', ') || 'none'}`,
        );
      });
    }
  }
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** Ids of charges, fees, milestones and deposits tell lines apart in the ledger. */
export function agreementIds(facts: Facts): void {
  for (const [id, agreement] of facts.entries('agreements')) {
    const first = new Map<string, Path>();
    for (const [part, path] of partsIn(agreement, ['agreements', id])) {
      const other = first.get(part.id);
      if (other === undefined) first.set(part.id, path);
      else {
        facts.error(
          'CONFIG_DUPLICATE_KEY', [...path, 'id'], `agreement ${id} has two parts with the id "${part.id}"`,
          'give each an id of its own', facts.place([...other, 'id']),
        );
      }
    }
  }
}

/** An agreement ends after it begins, and everything in it lies within. */
export function agreementDates(facts: Facts): void {
  for (const [id, agreement] of facts.entries('agreements')) {
    const path: Path = ['agreements', id];
    const { from, until, renew, trial_until: trial } = agreement;
    if (until !== undefined && until < from) {
      facts.error(
        'CONFIG_VALUE', [...path, 'until'], `agreement ${id} begins on ${from} and ends on ${until}`,
        '"until" is the last day, included',
      );
      continue;
    }
    if (renew !== undefined && !renewal(facts, id, agreement)) continue;
    const last = lastDayOf(agreement);
    if (trial !== undefined && (trial <= from || (last !== null && trial > last))) {
      facts.error(
        'CONFIG_VALUE', [...path, 'trial_until'], `agreement ${id}: the trial until ${trial} does not end within ${days(from, last)}`,
        '"trial_until" is the first day that costs something',
      );
    }
    for (const [part, at] of partsIn(agreement, path)) within(facts, `agreement ${id}, ${part.id}`, part, at, [from, last]);
    for (const kind of ['minimum', 'maximum'] as const) {
      for (const [bound, at] of boundsIn(agreement, kind, path)) within(facts, `agreement ${id}, ${kind}`, bound, at, [from, last]);
    }
    agreement.discounts?.forEach(({ name, from: first, until: end }, index) => {
      const stretch = { ...(first === undefined ? {} : { from: first }), ...(end === undefined ? {} : { until: end }) };
      within(facts, `agreement ${id}, discount ${name}`, stretch, [...path, 'discounts', index], [from, last]);
    });
  }
}

function renewal(facts: Facts, id: string, { until, renew }: AgreementSpec): boolean {
  const path: Path = ['agreements', id, 'renew'];
  const units = Object.keys(renew!.every);
  if (until === undefined) {
    facts.error(
      'CONFIG_MISSING_KEY', path, `agreement ${id} is renewed, but has no end of its first term`,
      'add until: with the last day, or remove "renew"',
    );
  }
  if (units.length !== 1) {
    facts.error(
      'CONFIG_VALUE', [...path, 'every'], `"every" of agreement ${id} has ${units.length === 0 ? 'no unit' : units.join(' and ')}`,
      'give exactly one of months, years',
    );
  }
  return until !== undefined && units.length === 1;
}

function days(from: string, last: string | null): string {
  return last === null ? `the agreement (from ${from})` : `the agreement (${from} to ${last})`;
}

/** A day or a stretch of days lies within the agreement. */
function within(
  facts: Facts, what: string, part: { on?: string; from?: string; until?: string }, path: Path, [from, last]: [string, string | null],
): void {
  for (const key of ['on', 'from', 'until'] as const) {
    const day = part[key];
    if (day === undefined || (day >= from && (last === null || day <= last))) continue;
    facts.error(
      'CONFIG_VALUE', [...path, key], `${what}: ${day} lies outside of ${days(from, last)}`,
      'move it into the agreement, or change the agreement',
    );
  }
  if (part.from !== undefined && part.until !== undefined && part.until < part.from) {
    facts.error(
      'CONFIG_VALUE', [...path, 'until'], `${what} begins on ${part.from} and ends on ${part.until}`,
      '"until" is the last day, included',
    );
  }
}

/** Lists by date ascend: one price for each day. */
export function datedLists(facts: Facts): void {
  for (const { owner, prices, path } of writtenPrices(facts)) {
    if (Array.isArray(prices)) ascending(facts, `${owner}, price`, prices as readonly { from?: string }[], path);
  }
  for (const [id, { charges }] of facts.entries('agreements')) {
    charges?.forEach((charge, index) => {
      for (const key of ['price', 'quantity'] as const) {
        const list = charge[key];
        const path: Path = ['agreements', id, 'charges', index, key];
        if (Array.isArray(list)) ascending(facts, `agreement ${id}, ${charge.id}, ${key}`, list as readonly { from?: string }[], path);
      }
    });
  }
  for (const [id, { rate }] of facts.entries('taxes')) {
    if (typeof rate !== 'string') ascending(facts, `tax ${id}, rate`, rate, ['taxes', id, 'rate']);
  }
}

/** How a charge runs through time and changes. */
export function chargeTimes(facts: Facts): void {
  for (const [id, { charges }] of facts.entries('agreements')) {
    charges?.forEach((charge, index) => {
      const path: Path = ['agreements', id, 'charges', index];
      if (charge.prorate === 'fixed_30' && (charge.per === 'day' || charge.per === 'week')) {
        facts.error(
          'CONFIG_VALUE', [...path, 'prorate'],
          `agreement ${id}, ${charge.id}: fixed_30 counts months, but the charge is per ${charge.per}`,
          'use calendar_days or none, or a charge per month',
        );
      }
      if (charge.uplift !== undefined) uplifts(facts, `agreement ${id}, ${charge.id}`, charge, [...path, 'uplift']);
    });
  }
}

function uplifts(facts: Facts, what: string, { uplift, price }: ChargeSpec, path: Path): void {
  const { percent, index, base } = uplift!;
  if ((percent === undefined) === (index === undefined)) {
    facts.error(
      'CONFIG_VALUE', path, `${what}: the uplift has ${percent === undefined ? 'neither percent nor index' : 'both percent and index'}`,
      'use one of: { percent: "3" }, { index: cpi, base: 2026-01 }',
    );
  }
  if (index === undefined) {
    for (const key of ['base', 'lag_months'] as const) {
      if (uplift![key] !== undefined) {
        facts.error(
          'CONFIG_VALUE', [...path, key], `${what}: "${key}" belongs to an index`,
          'remove it, or name an index',
        );
      }
    }
    return;
  }
  if (base === undefined) {
    facts.error(
      'CONFIG_MISSING_KEY', path, `${what}: the key "base" is missing`,
      'add the month of the index that the price belongs to, like base: 2026-01',
    );
  }
  if (Array.isArray(price) && price.length > 1) {
    facts.error(
      'CONFIG_VALUE', path, `${what}: the price is a list and follows an index`,
      'keep one price, which belongs to the month "base"',
    );
  }
  reference(facts, 'indexes', index, [...path, 'index']);
  const months = facts.get('indexes', index);
  if (months === undefined || base === undefined || Object.hasOwn(months, base)) return;
  const known = Object.keys(months).sort();
  facts.error(
    'CONFIG_REFERENCE', [...path, 'base'], `${what}: the index ${index} has no value for ${base}`,
    `add it under indexes.${index}; it goes from ${known[0] ?? 'nothing'} to ${known.at(-1) ?? 'nothing'}`,
  );
}

/** A customer's agreements are named once, meet the days on which it is billed, and price each product once at a time. */
export function customerAgreements(facts: Facts): void {
  for (const [id, customer] of facts.entries('customers')) {
    const named = customer.agreements ?? [];
    named.forEach((agreement, index) => {
      const path: Path = ['customers', id, 'agreements', index];
      const first = named.indexOf(agreement);
      if (first !== index) {
        facts.error(
          'CONFIG_VALUE', path, `customer ${id} names the agreement ${agreement} twice`,
          'keep one of them', facts.place(['customers', id, 'agreements', first]),
        );
        return;
      }
      const spec = facts.get('agreements', agreement);
      if (spec === undefined) return;
      outside(facts, `customer ${id}`, customer, [agreement, spec], path);
      for (const other of named.slice(0, index)) pricedTwice(facts, id, [agreement, spec], [other, facts.get('agreements', other)], path);
    });
  }
}

function outside(facts: Facts, who: string, { cycle }: CustomerSpec, [id, agreement]: [string, AgreementSpec], path: Path): void {
  const uses = typeof cycle === 'string' ? [{ use: cycle, from: undefined, until: undefined }] : cycle;
  const [first, last] = [uses[0]!, uses.at(-1)!];
  const [begin, end] = [first.from ?? startOf(facts, first.use), last.until ?? facts.get('cycles', last.use)?.end];
  const lastDay = lastDayOf(agreement);
  const isBefore = begin !== undefined && lastDay !== null && lastDay < begin.slice(0, 10);
  if (!isBefore && (end === undefined || fullTime(agreement.from) < fullTime(end))) {
    if (begin !== undefined) chargedBefore(facts, who, begin.slice(0, 10), [id, agreement], path);
    return;
  }
  const billed = isBefore ? `only from ${begin} on` : `only until ${end}`;
  facts.error(
    'CONFIG_VALUE', path,
    `${who} is billed ${billed}, and the agreement ${id} runs from ${agreement.from}${lastDay === null ? '' : ` to ${lastDay}`}`,
    'nothing of it would be billed: change the dates of one, or remove it here', facts.place(['agreements', id]),
  );
}

/** What lies before the first billing period was billed elsewhere, or is dated wrongly. */
function chargedBefore(
  facts: Facts, who: string, begin: string, [id, { fees = [], milestones = [], deposits = [] }]: [string, AgreementSpec], path: Path,
): void {
  const first = [...fees, ...milestones.filter(({ done }) => done === true), ...deposits].find(({ on }) => on < begin);
  if (first === undefined) return;
  facts.warn(
    'CONFIG_VALUE', path, `${who} is billed from ${begin} on: ${first.id} of the agreement ${id}, on ${first.on}, is never billed`,
    'give it a later day, or leave it if it was billed elsewhere',
  );
}

function startOf(facts: Facts, cycle: string): string | undefined {
  const spec = facts.get('cycles', cycle);
  return spec?.start ?? spec?.dates?.[0];
}

function pricedTwice(
  facts: Facts, customer: string, [id, spec]: [string, AgreementSpec], [other, otherSpec]: [string, AgreementSpec | undefined], path: Path,
): void {
  if (otherSpec === undefined) return;
  const [last, otherLast] = [lastDayOf(spec), lastDayOf(otherSpec)];
  const isApart = (last !== null && last < otherSpec.from) || (otherLast !== null && otherLast < spec.from);
  const money = facts.top('currency');
  if (isApart || (spec.currency ?? money) !== (otherSpec.currency ?? money)) return;
  for (const product of Object.keys(spec.prices ?? {})) {
    if (!Object.hasOwn(otherSpec.prices ?? {}, product)) continue;
    facts.error(
      'CONFIG_VALUE', path, `customer ${customer}: ${product} is priced by ${other} and by ${id} on the same days`,
      'end one agreement before the other begins, or keep one of the prices', facts.place(['agreements', id, 'prices', product]),
    );
  }
}
