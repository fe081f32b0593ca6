/** Rules about the money of agreements: decimals, sums, discounts, deposits, taxes, exchange rates. */
import { exponentOf, formatMicro, parseDecimal } from '../values/money.js';
import { boundsIn, models, partsIn, writtenPrices } from './agreement-facts.js';
import { partOfTotal, taxOfPart } from './resolve-agreements.js';
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import type { AgreementSpec } from './shape-agreements.js';
import type { ConfigSpec, TaxSpec } from './shape.js';

/** Amounts have no more decimals than their currency: 1.005 euros cannot be paid. Prices per unit may have up to six. */
export function amountDecimals(facts: Facts): void {
  const currency = facts.top('currency');
  const check = (amount: string | undefined, money: string | undefined, path: Path): void => {
    if (amount === undefined || money === undefined) return;
    const places = (amount.split('.')[1] ?? '').replace(/0+$/, '').length;
    const allowed = exponentOf(money);
    if (places <= allowed) return;
    const most = allowed === 0 ? 'has none' : `has ${allowed}`;
    const decimals = `${places} decimal${places === 1 ? '' : 's'}`;
    facts.error('CONFIG_VALUE', path, `the amount ${amount} has ${decimals}, and ${money} ${most}`, 'write it as it can be paid');
  };
  for (const written of writtenPrices(facts)) {
    for (const [spec, path] of models(written)) {
      for (const key of ['amount', 'minimum', 'maximum'] as const) check(spec[key], written.currency, [...path, key]);
      spec.tiers?.forEach(({ flat_fee: fee }, index) => check(fee, written.currency, [...path, 'tiers', index, 'flat_fee']));
    }
  }
  for (const [id, agreement] of facts.entries('agreements')) {
    const path: Path = ['agreements', id];
    const money = agreement.currency ?? currency;
    check(agreement.total, money, [...path, 'total']);
    for (const [part, at] of partsIn(agreement, path)) check(part.amount, money, [...at, 'amount']);
    for (const kind of ['minimum', 'maximum'] as const) {
      for (const [bound, at] of boundsIn(agreement, kind, path)) check(bound.amount, money, [...at, 'amount']);
    }
    agreement.discounts?.forEach((discount, index) => {
      for (const key of ['amount', 'cap'] as const) check(discount[key], money, [...path, 'discounts', index, key]);
    });
  }
}

/** Milestones and deposits are an amount or a percent, and together not more than the total. */
export function agreementTotals(facts: Facts): void {
  for (const [id, agreement] of facts.entries('agreements')) {
    for (const key of ['milestones', 'deposits'] as const) {
      const path: Path = ['agreements', id, key];
      agreement[key]?.forEach((part, index) => {
        eitherOr(facts, `agreement ${id}, ${part.id}`, part, [...path, index]);
        if (part.percent !== undefined && agreement.total === undefined) {
          facts.error(
            'CONFIG_MISSING_KEY', [...path, index, 'percent'],
            `agreement ${id}, ${part.id}: it is a percent of the total, and there is none`,
            'add total: to the agreement, or give an amount',
          );
        }
      });
      moreThanTotal(facts, id, agreement, key);
    }
  }
}

function eitherOr(facts: Facts, what: string, { amount, percent }: { amount?: string; percent?: string }, path: Path): void {
  if ((amount === undefined) !== (percent === undefined)) return;
  const has = amount === undefined ? 'neither percent nor amount' : 'both percent and amount';
  facts.error('CONFIG_VALUE', path, `${what} has ${has}`, 'use one of: percent: "10", amount: "100.00"');
}

function moreThanTotal(facts: Facts, id: string, agreement: AgreementSpec, key: 'milestones' | 'deposits'): void {
  const currency = agreement.currency ?? facts.top('currency');
  if (agreement.total === undefined || currency === undefined) return;
  const rounding = facts.top('rounding');
  const [total, list] = [parseDecimal(agreement.total)!, agreement[key] ?? []];
  let sum = 0n;
  list.forEach((part, index) => {
    const before = sum;
    sum += parseDecimal(partOfTotal(part, agreement, currency, rounding === undefined ? {} : { rounding }))!;
    if (sum <= total || before > total) return;
    facts.error(
      'CONFIG_VALUE', ['agreements', id, key, index],
      `agreement ${id}: the ${key} up to ${part.id} come to ${formatMicro(sum)}, more than the total`,
      `the total is ${agreement.total}: lower a part, or raise the total`, facts.place(['agreements', id, 'total']),
    );
  });
}

/** Discounts are a percent or an amount, and take effect at all. */
export function discountForms(facts: Facts): void {
  for (const [id, { discounts }] of facts.entries('agreements')) {
    discounts?.forEach((discount, index) => {
      const path: Path = ['agreements', id, 'discounts', index];
      eitherOr(facts, `agreement ${id}, discount ${discount.name}`, discount, path);
      const { products } = discount;
      products?.forEach((product, n) => {
        if (products.indexOf(product) === n) return;
        facts.error('CONFIG_VALUE', [...path, 'products', n], `discount ${discount.name} names ${product} twice`, 'keep one of them');
      });
    });
  }
}

/** A minimum does not exceed the maximum of the same time, and a term has an end. */
export function boundForms(facts: Facts): void {
  for (const [id, agreement] of facts.entries('agreements')) {
    const path: Path = ['agreements', id];
    const [low, high] = [boundsIn(agreement, 'minimum', path), boundsIn(agreement, 'maximum', path)];
    for (const [bound, at] of [...low, ...high]) {
      if (bound.per !== 'term' || agreement.until !== undefined) continue;
      facts.error(
        'CONFIG_VALUE', [...at, 'per'], `agreement ${id}: "per: term" needs a term, and the agreement has no end`,
        'use year, or add "until"',
      );
    }
    for (const [least, at] of low) {
      const most = high.find(([each]) => each.per === least.per && (each.applies_to ?? 'all') === (least.applies_to ?? 'all'));
      if (most === undefined || parseDecimal(least.amount)! <= parseDecimal(most[0].amount)!) continue;
      facts.error(
        'CONFIG_VALUE', [...at, 'amount'], `agreement ${id}: the minimum ${least.amount} is above the maximum ${most[0].amount}`,
        'exchange them, or remove one', facts.place([...most[1], 'amount']),
      );
    }
  }
}

/** Every part of an agreement has a tax for each of its customers: an unknown one is never 0 %. */
export function agreementTaxes(facts: Facts): void {
  const tax = facts.top('tax');
  const spec = { products: Object.fromEntries(facts.entries('products')), ...(tax === undefined ? {} : { tax }) } as ConfigSpec;
  const told = new Set<string>();
  for (const [customer, { agreements, tax: own, taxes }] of facts.entries('customers')) {
    for (const id of own === undefined ? agreements ?? [] : []) {
      const agreement = facts.get('agreements', id);
      if (agreement === undefined) continue;
      const path: Path = ['agreements', id];
      for (const [part, at] of [...partsIn(agreement, path), ...boundsIn(agreement, 'minimum', path)]) {
        const product = (part as { product?: string }).product;
        const isBroken = product !== undefined && (Object.hasOwn(taxes ?? {}, product) || facts.get('products', product) === undefined);
        if (isBroken || taxOfPart(part, agreement, spec) !== null || told.has(at.join('\0'))) continue;
        told.add(at.join('\0'));
        facts.error(
          'CONFIG_MISSING_KEY', at, `agreement ${id}: there is no tax for "${part.name ?? 'the minimum'}" of customer ${customer}`,
          'add tax: here, to the agreement, to the customer or to the project',
        );
      }
    }
  }
}

/** One rate for a pair of currencies and a day, and rates for whoever is billed in another currency. */
export function exchangeRates(facts: Facts): void {
  const rates = facts.top('exchange_rates') ?? [];
  const first = new Map<string, number>();
  rates.forEach(({ from, to, on }, index) => {
    const path: Path = ['exchange_rates', index];
    const other = first.get(`${from} ${to} ${on}`);
    if (from === to) facts.error('CONFIG_VALUE', [...path, 'to'], `a rate from ${from} to ${to} changes nothing`, 'name two currencies');
    else if (other !== undefined) {
      facts.error(
        'CONFIG_VALUE', path, `there are two rates from ${from} to ${to} for ${on}`, 'keep one of them',
        facts.place(['exchange_rates', other]),
      );
    } else first.set(`${from} ${to} ${on}`, index);
  });
  const currency = facts.top('currency');
  for (const [id, { invoice_currency: money, agreements }] of facts.entries('customers')) {
    if (money === undefined || currency === undefined) continue;
    const ofAgreements = (agreements ?? []).map((each) => facts.get('agreements', each)).map((each) => each?.currency ?? currency);
    for (const each of new Set([currency, ...ofAgreements])) {
      if (each === money || rates.some(({ from, to }) => from === each && to === money)) continue;
      facts.error(
        'CONFIG_REFERENCE', ['customers', id, 'invoice_currency'],
        `customer ${id} is billed in ${money}, and there is no rate from ${each} to ${money}`,
        'add it under exchange_rates, with date and source',
      );
    }
  }
}

/** Rates for the VAT of whoever is billed in another currency than that in which the issuer accounts for it. */
export function taxCurrency(facts: Facts): void {
  const to = facts.top('issuer')?.tax_currency;
  const currency = facts.top('currency');
  if (to === undefined || currency === undefined) return;
  const known = new Set([to, ...(facts.top('exchange_rates') ?? []).filter((rate) => rate.to === to).map(({ from }) => from)]);
  for (const [id, { invoice_currency: money, agreements, tax, taxes }] of facts.entries('customers')) {
    if (tax !== undefined && [tax, ...Object.values(taxes ?? {})].every((each) => isFree(facts.get('taxes', each)))) continue;
    const ofAgreements = (agreements ?? []).map((each) => facts.get('agreements', each)?.currency ?? currency);
    for (const from of new Set(money === undefined ? [currency, ...ofAgreements] : [money])) {
      if (known.has(from)) continue;
      known.add(from);
      facts.error(
        'CONFIG_REFERENCE', ['issuer', 'tax_currency'],
        `customer ${id} is billed in ${from}, its VAT is stated in ${to}, and there is no rate from ${from} to ${to}`,
        'add it under exchange_rates, with date and source', facts.place(['customers', id]),
      );
    }
  }
}

/** Whether a tax charges nothing, at any time. */
function isFree(tax: TaxSpec | undefined): boolean {
  const rates = tax === undefined ? [] : typeof tax.rate === 'string' ? [tax.rate] : tax.rate.map(({ rate }) => rate);
  return rates.every((rate) => !/[1-9]/.test(rate));
}

/** A deposit comes off in the currency it was paid in: at the rates of two days it would be another amount. */
export function depositCurrencies(facts: Facts): void {
  for (const [id, { invoice_currency: money, agreements = [] }] of facts.entries('customers')) {
    for (const each of money === undefined ? [] : agreements) {
      const agreement = facts.get('agreements', each);
      const currency = agreement?.currency ?? facts.top('currency');
      if (agreement?.deposits === undefined || currency === undefined || currency === money) continue;
      facts.error(
        'CONFIG_VALUE', ['customers', id, 'invoice_currency'],
        `customer ${id} is billed in ${money!}, and the deposits of agreement ${each} are in ${currency}`,
        `a deposit is not exchanged: give the agreement the currency ${money!}, or leave out "invoice_currency"`,
        facts.place(['agreements', each, 'deposits']),
      );
    }
  }
}

/** Who pays early pays before the invoice is due. */
export function earlyPayment(facts: Facts): void {
  const check = (terms: ConfigSpec['payment_terms'], path: Path): void => {
    const { discount, net_days: net, due } = terms ?? {};
    if (discount === undefined) return;
    const days = due === undefined ? net : 0;
    if (days === undefined || discount.within_days <= days) return;
    facts.error(
      'CONFIG_VALUE', [...path, 'discount', 'within_days'],
      `the discount for early payment ends ${discount.within_days} days after the document date, and the invoice is due after ${days}`,
      'shorten it, or give more days to pay',
    );
  };
  check(facts.top('payment_terms'), ['payment_terms']);
  for (const [id, { payment_terms: terms }] of facts.entries('customers')) check(terms, ['customers', id, 'payment_terms']);
}
