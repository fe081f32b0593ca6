/** The written shape of what is agreed: charges, prices of usage, minimums, discounts, deposits, indexes, rates of tax and exchange. */
import { Type } from '@sinclair/typebox';
import type { Static, TUnsafe } from '@sinclair/typebox';

import { choice, many, mapOf, maybe, named, oneOrMany, record, text, whole, wording, yesNo } from './shape-words.js';
import type { Wording } from './shape-words.js';

const date = (description: string): TUnsafe<string> => text('date', description);
const amount = (description: string): TUnsafe<string> => text('unsigned-decimal', description);

/** One value, or a list of values that hold from a date on. */
function dated<K extends string>(key: K, value: TUnsafe<string>, what: string): TUnsafe<string | readonly DatedSpec<K>[]> {
  const entry = named(`dated_${key}`, record({
    from: maybe(date('The first day it holds. Only the first entry may leave it out: it then holds from the beginning.')),
    [key]: value,
  }, 'A value from a date on.'));
  return Type.Unsafe<string | readonly DatedSpec<K>[]>({
    anyOf: [value, { type: 'array', items: entry, minItems: 1 }],
    description: `${what} One value, or a list when it changes: [{ ${key}: … }, { from: 2026-07-01, ${key}: … }].`,
  });
}
type DatedSpec<K extends string> = { readonly from?: string } & Readonly<Record<K, string>>;

const steps = ['period', 'month', 'quarter', 'half_year', 'year', 'term'] as const;

const metric = record({
  of: choice(['count', 'sum', 'max', 'unique', 'latest'], 'How bookings become one number: how many there are, the sum or the highest of '
    + 'a column, how many different values it has, or its value in the booking that begins last.'),
  column: maybe(choice(['quantity', 'amount', 'booking_id', 'product', 'description', 'source', 'starts_on'],
    'The column. sum, max, latest: quantity (default) or amount. unique: needed; starts_on is the local date of starts_at.')),
  where: maybe(record({
    product: maybe(oneOrMany(text('product-id', 'A product.'), 'Bookings of these products. Default: the product that the price is for.')),
    source: maybe(oneOrMany(text('name-id', 'A source.'), 'Bookings of these sources.')),
    description: maybe(oneOrMany(text('line', 'A description.'), 'Bookings with exactly these descriptions.')),
  }, 'Which bookings are measured: all conditions hold, one of each list is enough.')),
  divide_by: maybe(text('positive-decimal', 'The number is divided by this before it is priced: "1000" to price by the thousand.')),
  round_up: maybe(yesNo('After dividing, a part counts as a whole. Default false.')),
}, 'What is measured over the bookings of a period. Default: the sum of quantity; for percentages the sum of amount.');

const tier = record({
  up_to: maybe(text('positive-decimal', 'The last unit of the tier, included. The last tier has none: it has no end.')),
  unit_price: maybe(amount('Price per unit in this tier.')),
  package_size: maybe(text('positive-decimal', 'Units come in packages of this size: unit_price is per package, a part counts as whole.')),
  percent: maybe(text('percent', 'Percent of the measured amount in this tier.')),
  flat_fee: maybe(amount('Once, when the tier is reached; that of the first tier always.')),
}, 'A tier.');

/** How usage of a product is priced. */
export const price = named('price', record({
  from: maybe(date('In a list: the first service day it holds. Only the first entry may leave it out.')),
  model: maybe(choice(['per_unit', 'package', 'graduated', 'volume', 'percentage', 'cost_plus', 'flat'],
    'per_unit (default): unit_price each. package: unit_price per started package_size. graduated: every unit has the price of its '
    + 'tier. volume: all units have the price of the tier that the total reaches. percentage: percent of the amounts. cost_plus: the '
    + 'amounts plus markup percent. flat: amount, once there is any usage.')),
  unit_price: maybe(amount('per_unit: price per unit. package: price per package.')),
  package_size: maybe(text('positive-decimal', 'package: units in a package.')),
  tiers: maybe(many(tier, 'graduated, volume: tiers, ascending by up_to; the last one without up_to.')),
  percent: maybe(text('percent', 'percentage: percent of the amounts.')),
  markup: maybe(text('percent', 'cost_plus: percent on top of the amounts.')),
  amount: maybe(amount('flat: the amount.')),
  included: maybe(text('positive-decimal', 'Units that cost nothing, the first ones; for percentages an amount.')),
  included_bookings: maybe(whole(1, 1_000_000, 'percentage: the first bookings cost nothing. Beside `included` both must hold.')),
  fee_per_booking: maybe(amount('percentage: a fixed amount for each booking that is not included.')),
  minimum_per_booking: maybe(amount('percentage: the least percentage amount of a booking.')),
  maximum_per_booking: maybe(amount('percentage: the highest percentage amount of a booking.')),
  minimum: maybe(amount('The least that the usage of this product costs; what is missing is added at the end.')),
  maximum: maybe(amount('The most that the usage of this product costs.')),
  per: maybe(choice(steps, 'How long tiers, included units, minimum and maximum run before they begin anew. Default period: each '
    + 'billing period for itself. month to year run from the first day of the agreement (outside of one: by the calendar), term is the '
    + 'whole term.')),
  metric: maybe(metric),
}, 'How usage of a product is priced: { model: graduated, tiers: […] }.'));

/** A price per unit, a price model, or a list of these by date. */
export function prices(description: string): TUnsafe<PricesSpec> {
  return Type.Unsafe<PricesSpec>({
    anyOf: [text('decimal', 'A price per unit, a quoted decimal.'), price, { type: 'array', items: price, minItems: 1 }],
    description: `${description} A quoted decimal, a price model, or a list of prices by date: `
      + '[{ unit_price: "90.00" }, { from: 2026-07-01, unit_price: "92.50" }].',
  });
}

const uplift = record({
  percent: maybe(text('percent', 'Every year this much more.')),
  index: maybe(text('name-id', 'Every year as much more or less as this index of `indexes`.')),
  base: maybe(text('month', 'The month of the index that the written price belongs to.')),
  lag_months: maybe(whole(0, 24, 'The value of so many months before the change is used. Default 1.')),
  on: maybe(choice(['anniversary', 'calendar_year'], 'Changes on each anniversary of the agreement (default), or every 1 January.')),
  from: maybe(date('No change before this date.')),
}, 'A yearly change of the price: { percent: "3" }, or { index: cpi, base: 2026-01 }.');

const timing = choice(['in_advance', 'in_arrears'], 'Billed when its time begins, or when it is over. Default in_arrears.');
const taxKey = maybe(text('name-id', 'Id of a tax. Default: that of the product, of the agreement, of the project.'));
const productKey = maybe(text('product-id', 'The product it belongs to: for its tax, its unit and for discounts.'));

const charge = record({
  id: text('name-id', 'Id, once in the agreement.'),
  name: text('line', 'Shown on the invoice.'),
  price: dated('price', amount('A price.'), 'Price for one unit of time and one of quantity.'),
  per: choice(['day', 'week', 'month', 'quarter', 'half_year', 'year'], 'The unit of time.'),
  quantity: maybe(dated('quantity', text('unsigned-decimal', 'A quantity.'), 'How many. Default "1".')),
  timing: maybe(timing),
  prorate: maybe(Type.Unsafe<boolean | 'calendar_days' | 'fixed_30' | 'none'>({
    anyOf: [{ type: 'boolean' }, choice(['calendar_days', 'fixed_30', 'none'], 'A basis.')],
    description: 'How a part of a unit of time is charged. true or calendar_days (default): its days of the days of the whole. '
      + 'fixed_30: as if every month had 30 days. false or none: in full.',
  })),
  anchor: maybe(text('anchor', 'Where a unit of time begins: cycle (default) with the cycle of the customer, calendar on the first of '
    + 'the month, quarter or year and on Mondays, anniversary with the agreement, or a date.')),
  from: maybe(date('First day. Default: that of the agreement.')),
  until: maybe(date('Last day, included. Default: that of the agreement.')),
  uplift: maybe(uplift),
  product: productKey,
  tax: taxKey,
}, 'A recurring charge.');

const fee = record({
  id: text('name-id', 'Id, once in the agreement.'),
  name: text('line', 'Shown on the invoice.'),
  amount: amount('The amount.'),
  on: date('Service day: it goes on the invoice of the billing period with this day.'),
  product: productKey,
  tax: taxKey,
}, 'A fee that is charged once.');

const milestone = record({
  id: text('name-id', 'Id, once in the agreement.'),
  name: text('line', 'Shown on the invoice.'),
  amount: maybe(amount('The amount. Either this or percent.')),
  percent: maybe(text('percent', 'Percent of the `total` of the agreement.')),
  on: date('When it was reached, or is planned to be.'),
  done: maybe(yesNo('true: it was reached and is billed. Default false: it is planned, and not billed.')),
  product: productKey,
  tax: taxKey,
}, 'A part of the work that is billed when it is done.');

const deposit = record({
  id: text('name-id', 'Id, once in the agreement.'),
  name: text('line', 'Shown on the invoice.'),
  amount: maybe(amount('The amount. Either this or percent.')),
  percent: maybe(text('percent', 'Percent of the `total` of the agreement.')),
  on: date('Its day: it goes on the invoice of the billing period with this day, or the next one; on none if that is the last of the '
    + 'agreement.'),
  apply: maybe(choice(['next_invoice', 'final_invoice'], 'Deducted from the invoices that follow as far as it reaches, or only from the '
    + 'last one of the agreement (default). What is left at the end is refunded.')),
  tax: maybe(text('name-id', 'Id of the tax that the deposit bears, and its deduction with it. Default: that of the agreement, of the '
    + 'project. A security deposit has a tax of 0 % of its own.')),
}, 'Money paid ahead.');

const bound = {
  amount: amount('The amount, without tax unless prices include tax.'),
  per: choice(steps, 'For which time: each billing period; each month, quarter, half year or year from the first day of the agreement; or '
    + 'the whole term.'),
  applies_to: maybe(choice(['all', 'usage', 'charges'], 'What counts: all lines of the agreement (default), those of bookings, or its '
    + 'charges, fees and milestones.')),
  prorate: maybe(yesNo('A time cut short by the dates of the agreement has a smaller amount, by calendar days. Default true.')),
  from: maybe(date('First day. Default: that of the agreement.')),
  until: maybe(date('Last day, included. Default: that of the agreement.')),
  name: maybe(text('line', 'Shown on the invoice.')),
};
const minimum = named('minimum', record({ ...bound, tax: taxKey },
  'The least to be paid; what is missing is charged on the last invoice of its time.'));
const maximum = named('maximum', record(bound, 'The most to be paid; what is more is taken off.'));

const discount = record({
  name: text('line', 'Shown on the invoice.'),
  percent: maybe(text('percent', 'Percent off. Either this or amount.')),
  amount: maybe(amount('Amount off: per invoice with `on: net`, of each line with `on: line`. Never more than there is.')),
  on: maybe(choice(['net', 'line'],
    'net (default): of the sum of the lines, rounded once and spread over them. line: of each line by itself.')),
  products: maybe(many(text('product-id', 'A product.'), 'Only lines of these products.')),
  from: maybe(date('First service day. Default: that of the agreement.')),
  until: maybe(date('Last service day, included. Default: that of the agreement.')),
  periods: maybe(whole(1, 1200, 'Only for so many billing periods, beginning with the one that has the first day.')),
  cap: maybe(amount('The most that it takes off an invoice.')),
}, 'A discount. On lines first, then on the net; percent before fixed amounts; in the order of the list.');

export const agreement = record({
  name: maybe(text('line', 'Shown on the invoice. Default: the id.')),
  from: date('First day.'),
  until: maybe(date('Last day, included. Without it the agreement is open.')),
  renew: maybe(record({
    every: record({
      months: maybe(whole(1, 1200, 'A number of months.')), years: maybe(whole(1, 100, 'A number of years.')),
    }, 'How long a further term is: { months: 12 } or { years: 1 }.'),
    count: maybe(whole(1, 1000, 'How many further terms. Default: until the agreement is ended by removing `renew`.')),
  }, 'Goes on after `until` on the same terms. Dates of fees, discounts and prices stay where they are: nothing is charged again.')),
  trial_until: maybe(date('The first day that costs something: before it recurring charges and usage are free.')),
  currency: maybe(text('currency', 'Currency of all its amounts. Default: that of the project.')),
  total: maybe(amount('The sum agreed on, which milestones and deposits may be percents of and must not exceed.')),
  tax: maybe(text('name-id', 'Id of the tax of what names none. Default: `tax` of the project.')),
  prices_include_tax: maybe(yesNo('The amounts written here include tax. Default: as the project.')),
  charges: maybe(many(charge, 'Recurring charges.')),
  fees: maybe(many(fee, 'Fees that are charged once.')),
  milestones: maybe(many(milestone, 'Parts of the work that are billed when they are done.')),
  prices: maybe(mapOf('product-id', prices('Price of a product in this agreement.'), 'Prices by product.')),
  minimum: maybe(oneOrMany(minimum, 'The least to be paid.')),
  maximum: maybe(oneOrMany(maximum, 'The most to be paid.')),
  discounts: maybe(many(discount, 'Discounts.')),
  deposits: maybe(many(deposit, 'Money paid ahead.')),
}, 'An agreement with one customer or, on the same terms, with several.');

export const indexes = maybe(mapOf('name-id',
  mapOf('month', text('positive-decimal', 'The value.'), 'Values by month: { 2026-01: "117.4" }.'),
  'Price indexes by id, for yearly changes of prices.'));

export const exchangeRates = maybe(many(record({
  from: text('currency', 'Currency of the price, or of the invoice.'),
  to: text('currency', 'Currency of the invoice, or of VAT.'),
  rate: text('exchange-rate', 'How much of `to` one of `from` is, as it was published.'),
  on: date('The day of the rate. It holds until the next one.'),
  source: text('line', 'Who published it, shown on the invoice: ECB.'),
}, 'A rate.'), 'Rates for customers with an `invoice_currency`, and for VAT in the `tax_currency` of the issuer. '
  + 'Without a rate nothing is converted.'));

/** Keys that stand for the project and for a customer, who overrides it. */
export const settlement = {
  zero_invoices: maybe(choice(['issue', 'skip'], 'What becomes of an invoice with lines whose total is zero. Default issue.')),
  negative_total: maybe(choice(['credit_note', 'carry_over'],
    'An invoice below zero becomes a credit note (default), or its lines wait and are set off on the next invoice.')),
};

/** A rate of tax, or rates by date. */
export const taxRate = Type.Unsafe<string | readonly { readonly from?: string; readonly rate: string; readonly name?: Wording }[]>({
  anyOf: [text('percent', 'Percent as a quoted decimal, "19".'), {
    type: 'array', minItems: 1, items: record({
      from: maybe(date('The first day it holds: the last day of the service decides. Only the first entry may leave it out.')),
      rate: text('percent', 'Percent as a quoted decimal.'),
      name: maybe(wording('Name on documents while it holds, or names by language. Default: that of the tax.')),
    }, 'A rate from a date on.'),
  }],
  description: 'Percent as a quoted decimal, "19"; or a list when it changes: [{ rate: "19" }, { from: 2027-01-01, rate: "20" }].',
});

export type AgreementSpec = Static<typeof agreement>;
export type PriceSpec = Static<typeof price>;
export type PricesSpec = string | PriceSpec | readonly PriceSpec[];
export type ChargeSpec = Static<typeof charge>;
export type BoundSpec = Static<typeof minimum>;
export type DiscountSpec = Static<typeof discount>;
export type MetricSpec = Static<typeof metric>;
