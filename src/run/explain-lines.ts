/** How each line of a draft invoice comes about, kind by kind: the bookings, the rule with its place, the arithmetic. */
import { factorOn, pricesUntil } from '../config/agreement-dates.js';
import type { Agreement, Charge, Config, ConfigPath, Price } from '../config/types.js';
import type { Place } from '../values/diagnostic.js';
import type { LineKind } from '../values/line-kinds.js';
import { exponentOf, formatMicro, formatScaled, microPerMinor, parseDecimal } from '../values/money.js';
import { amountStep, factor, money, numberStep, price, provenSteps } from './explain-steps.js';
import type { Pen } from './explain-steps.js';
import type { BookingFact, Facts, LineFact, PartFact } from './explain-facts.js';
import { keyOf } from './explain-facts.js';
import { discountSteps } from './explain-discounts.js';
import { netSteps } from './explain-taxes.js';
import type { DraftedLine, ExplainedBooking, Rule, Step } from './explain-types.js';
import { usageSteps } from './explain-usage.js';

/** What lines are explained from: the draft's rows, the configuration, and where the bookings stand. */
export interface Desk {
  readonly facts: Facts;
  readonly config: Config;
  readonly pen: Pen;
  /** By `source booking_id`. */
  readonly places: ReadonlyMap<string, Place>;
}

/** What explains a line before its tax: the bookings, the rules, and steps that end in its amount as it is priced. */
interface Told {
  readonly bookings?: readonly ExplainedBooking[];
  readonly rules?: readonly Rule[];
  readonly steps?: readonly Step[];
  readonly notes?: readonly string[];
}

/** Every line of the draft invoice, by its key. */
export function draftedLines(desk: Desk): Map<string, DraftedLine> {
  const { lines } = desk.facts;
  return new Map(lines.map((line) => [keyOf(line), drafted(desk, line)]));
}

function drafted(desk: Desk, line: LineFact): DraftedLine {
  const { pen, facts } = desk;
  // A converted line comes about in its own currency.
  const own = line.original_currency === null ? pen : { ...pen, exponent: exponentOf(line.original_currency) };
  const told = tellers[line.kind]({ ...desk, pen: own }, line);
  const priced = provenSteps(own, told.steps ?? [], pricedOf(line));
  const converted = priced.length === 0 ? [] : exchangeSteps(pen, line);
  const steps = priced.length === 0 ? [] : [...priced, ...converted, ...netSteps(pen, line, facts.lines, desk.config.tax_rounding)];
  const lost = (told.steps ?? []).length > 0 && priced.length === 0;
  return {
    amount_minor: line.amount_minor, gross_minor: line.gross_minor, compared: comparedOf(line),
    bookings: told.bookings ?? [], rules: [...told.rules ?? [], ...exchangeRules(desk, line), ...taxRules(desk, line)], steps,
    notes: [...told.notes ?? [], ...(lost ? ['there are too many parts to show the arithmetic here'] : [])],
  };
}

/** A line's amount as it is priced: before it is converted, and with the tax where the price includes it. */
export function pricedOf(line: LineFact): bigint {
  return line.original_minor ?? line.gross_minor ?? line.amount_minor;
}

/** The price of a unit as it is priced. */
function ownPrice(line: LineFact): bigint {
  return (line.unit_price_micro ?? line.original_price_micro)!;
}

/** From the currency of the price to that of the invoice. */
export function exchangeSteps(pen: Pen, line: LineFact): readonly Step[] {
  if (line.original_currency === null || line.exchange_rate === null) return [];
  const amount = money({ ...pen, exponent: exponentOf(line.original_currency) }, line.original_minor!, true);
  const words = `${line.original_currency} at the rate of ${line.exchange_on!}, ${line.exchange_source!}`;
  const step = amountStep(pen, words, `${amount} × ${line.exchange_rate}`);
  return provenSteps(pen, [step], line.gross_minor ?? line.amount_minor);
}

/** Where the rate is declared. One that a correction brings along was declared once, and may be another today. */
function exchangeRules(desk: Desk, line: LineFact): Rule[] {
  const { original_currency: from, exchange_rate: rate, exchange_on: on, exchange_source: source } = line;
  if (from === null || rate === null) return [];
  const declared = desk.config.exchange_rates.find((each) => each.from === from && each.to === desk.facts.key.currency
    && each.on === on && each.rate === rate && each.source === source);
  return declared === undefined ? [] : [ruleAt(desk, `exchange rate of ${on!}, ${source!}`, declared.path)];
}

/** What a line has to have in common with itself to be the same. */
export function comparedOf(line: LineFact): string {
  return [
    line.quantity_micro, line.unit_price_micro, line.amount_minor, line.gross_minor, line.tax_id, line.tax_rate_micro, line.product,
    line.original_currency, line.original_minor, line.exchange_rate, line.exchange_on, line.exchange_source,
  ].join('|');
}

type Teller = (desk: Desk, line: LineFact) => Told;
const tellers: Readonly<Record<LineKind, Teller>> = {
  booking: bookingLine, recurring: recurringLine, usage: usageLine, fee: feeLine, manual: manualLine, discount: discountLine,
  minimum: minimumLine, carry_over: carriedLine, deposit: depositLine, deposit_applied: depositLine, deposit_refund: depositLine,
  adjustment: adjustmentLine,
};

/** A rule of the configuration, with its place. */
export function ruleAt({ config }: Pick<Desk, 'config'>, what: string, path: ConfigPath): Rule {
  const text = path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
  return { what, path: text, at: config.place(path) };
}

function bookingOf({ places, facts }: Desk, source: string, booking_id: string, counted: string | null): ExplainedBooking {
  const line = facts.lines.find((each) => each.kind === 'booking' && each.source === source && each.booking_id === booking_id);
  const line_no = line === undefined ? null : Number(line.line_no);
  return { source, booking_id, at: places.get(`${source} ${booking_id}`) ?? null, line_no, counted };
}

function bookingLine(desk: Desk, line: LineFact): Told {
  const fact = desk.facts.bookings.find((each) => each.source === line.source && each.booking_id === line.booking_id);
  const booking = bookingOf(desk, line.source!, line.booking_id!, null);
  if (fact === undefined) return { bookings: [booking] };
  const { pen } = desk;
  const rule = priceRule(desk, fact, booking);
  const late = fact.late ? ['its own period had been billed before; it stands on the next invoice'] : [];
  if (fact.charge_id !== null) {
    const counts = fact.measured_minor === null ? 'it is' : `its amount of ${money(pen, fact.measured_minor)} is`;
    return { bookings: [booking], rules: [rule], notes: [`${counts} counted, and billed by the lines of usage`, ...late] };
  }
  if (fact.given_minor !== null) {
    const steps = [amountStep(pen, 'the amount of the booking', money(pen, fact.given_minor))];
    return { bookings: [booking], rules: [rule], steps, notes: late };
  }
  const unit = line.unit === null ? '' : ` (${line.unit})`;
  const formula = `${factor(line.quantity_micro)} × ${price(pen, ownPrice(line))}`;
  return { bookings: [booking], rules: [rule], steps: [amountStep(pen, `quantity${unit} × price`, formula)], notes: late };
}

const SCOPES: Readonly<Record<Price['scope'], string>> = {
  customer: 'price of the customer', agreement: 'price of the agreement', product: 'list price',
};

function priceRule(desk: Desk, fact: BookingFact, { at }: ExplainedBooking): Rule {
  if (fact.price_key !== null) {
    const own = desk.config.prices[fact.price_key]!;
    return ruleAt(desk, `${SCOPES[own.scope]}, ${own.model.replace('_', ' ')}${daysOf(own)}`, own.path);
  }
  const isOwn = fact.given_minor !== null || fact.own_price_micro !== null;
  if (isOwn) return { what: fact.given_minor === null ? 'price of the booking itself' : 'amount of the booking itself', path: null, at };
  return ruleAt(desk, 'list price', ['products', fact.product!, 'price']);
}

function daysOf({ from, until }: { readonly from: string | null; readonly until: string | null }): string {
  return `${from === null ? '' : `, from ${from}`}${until === null ? '' : `, until ${until}`}`;
}

function recurringLine(desk: Desk, line: LineFact): Told {
  const days = /^(.*):(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(line.charge_id ?? '');
  const [charge_key = '', first = '', last = ''] = days?.slice(1) ?? [];
  const parts = desk.facts.parts.filter((part) => part.charge_id === charge_key && part.first_day >= first && part.last_day <= last);
  const part = parts[0];
  const agreement = part === undefined ? undefined : desk.config.agreements[part.agreement_key];
  const charge = agreement?.charges.find(({ charge_id }) => charge_id === part!.part_charge);
  if (part === undefined || agreement === undefined || charge === undefined) return {};
  const { pen } = desk;
  const whole = parts.filter((each) => each.whole);
  const used = whole.length > 0 ? whole : [part];
  const quantity = used.reduce((sum, each) => sum + each.quantity_micro, 0n);
  const share = whole.length > 0 || part.share_over === part.share_under ? '' : ` × ${part.share_over} / ${part.share_under}`;
  const amount = `${quantity === 1_000_000n ? '' : `${factor(quantity)} × `}${price(pen, part.price_micro)}${share}`;
  const words = share === '' ? `${used.length === 1 ? 'one unit' : `${used.length} units`} of time, ${first} – ${last}`
    : `${part.share_over} of ${part.share_under} days, ${first} – ${last}`;
  const prices = priceHistory(desk, agreement, charge, part);
  return {
    rules: [
      ruleAt(desk, `recurring charge ${charge.charge_id} of ${agreement.agreement_id}${daysOf(charge)}`, charge.path), ...prices.rules,
    ],
    steps: [...prices.steps, amountStep(pen, words, amount)],
  };
}

/** Where the price in force is written, and the yearly changes that made it. */
function priceHistory(desk: Desk, agreement: Agreement, charge: Charge, part: PartFact): { rules: Rule[]; steps: Step[] } {
  const { prices } = pricesUntil(charge, agreement.currency, desk.config.indexes, part.last_day);
  const at = prices.findLastIndex(({ from }) => from === null || from <= part.first_day);
  const own = prices[at];
  if (own === undefined) return { rules: [], steps: [] };
  const { uplift } = charge;
  const isChanged = uplift !== null && own.path === uplift.path;
  const places = Math.max(desk.pen.exponent, ...charge.prices.map(({ value }) => (value.split('.')[1] ?? '').length));
  const steps: Step[] = [];
  for (let i = at; isChanged && i > 0 && prices[i]!.path === uplift.path; i -= 1) {
    const change = factorOn(uplift, prices[i]!.from!, desk.config.indexes);
    if ('month' in change) break;
    const base = uplift.index === null ? prices[i - 1]!.value : charge.prices[0]!.value;
    const step = numberStep(`price from ${prices[i]!.from!}`, `${base} × ${factor(change.over)} / ${factor(change.under)}`, places);
    steps.unshift({ ...step, value: formatScaled(parseDecimal(step.value)! / 10n ** BigInt(6 - places), places) });
    if (uplift.index !== null) break;
  }
  const since = own.from === null ? '' : ` from ${own.from}`;
  return { rules: [ruleAt(desk, isChanged ? `yearly change${since}` : `price${since}`, own.path)], steps };
}

function usageLine(desk: Desk, line: LineFact): Told {
  const fact = desk.facts.usage.find((each) => each.charge_id === line.charge_id);
  if (fact === undefined) return {};
  const rule = desk.config.prices[fact.price_key]!;
  const counted = desk.facts.counted.filter((each) => each.span_key === fact.span_key);
  const bookings = counted.map((each) => bookingOf(desk, each.source, each.booking_id,
    rule.metric!.of === 'unique' ? each.item : rule.metric!.of === 'count' ? '1' : formatMicro(each.value_micro)));
  return {
    bookings, rules: [ruleAt(desk, `${SCOPES[rule.scope]}, ${rule.model.replace('_', ' ')}${daysOf(rule)}`, rule.path)],
    steps: usageSteps(desk.pen, fact, rule, counted, desk.facts.key.timezone),
  };
}

/** The agreement of the customer, and what follows its id in a charge's id. */
function agreedPart({ facts, config }: Desk, line: LineFact): { agreement: Agreement; rest: string } | null {
  for (const agreement of config.agreements) {
    const start = `${facts.key.customer_id}:${agreement.agreement_id}:`;
    if (line.charge_id?.startsWith(start) === true) return { agreement, rest: line.charge_id.slice(start.length) };
  }
  return null;
}

function feeLine(desk: Desk, line: LineFact): Told {
  const part = agreedPart(desk, line);
  const fee = part?.agreement.fees.find(({ charge_id }) => charge_id === part.rest);
  if (fee === undefined) return {};
  return {
    rules: [ruleAt(desk, `${fee.kind} ${fee.charge_id} of ${part!.agreement.agreement_id}, on ${fee.on}`, fee.path)],
    steps: [amountStep(desk.pen, 'its amount', fee.amount)],
  };
}

function manualLine(desk: Desk, line: LineFact): Told {
  for (const [i, override] of desk.config.overrides.entries()) {
    const j = override.lines.findIndex(({ charge_id }) => charge_id === line.charge_id);
    if (j === -1) continue;
    const formula = `${factor(line.quantity_micro)} × ${price(desk.pen, ownPrice(line))}`;
    return {
      rules: [ruleAt(desk, 'line by hand', ['overrides', i, 'lines', j])], steps: [amountStep(desk.pen, 'quantity × price', formula)],
      notes: override.reason === null ? [] : [`reason: ${override.reason}`],
    };
  }
  return {};
}

/** What a bound that runs over several invoices has of one of them follows from all of them. */
function longBound(desk: Desk, agreement: Agreement, kind: 'minimum' | 'maximum', number: number): Told {
  const bound = agreement.bounds.filter((each) => each.kind === kind)[number - 1];
  if (bound === undefined || bound.per.unit === 'period') return {};
  return {
    rules: [ruleAt(desk, `${kind} of ${agreement.agreement_id} (${bound.applies_to})`, bound.path)],
    notes: [kind === 'minimum'
      ? `${bound.amount}, less what all invoices of its time come to after discounts, and what of it was charged before`
      : `what all invoices of its time come to above ${bound.amount} after discounts, less what was taken off before`],
  };
}

/** Invoice, agreement, discount or maximum and its place, tax and rate, perhaps the day of an exchange rate, perhaps what it lies on. */
const DISCOUNT_ID = /^[^:]*:(.*):(discount|maximum):(\d+):[^:]*:\d+(?::\d{4}-\d\d-\d\d)?(:[a-z]+)?$/;

function discountLine(desk: Desk, line: LineFact): Told {
  const [, agreement_id, kind, place, scope] = DISCOUNT_ID.exec(line.charge_id ?? '') ?? [];
  const key = desk.config.agreements.findIndex((each) => each.agreement_id === agreement_id);
  const agreement = desk.config.agreements[key];
  if (agreement === undefined) return {};
  if (kind === 'maximum') return longBound(desk, agreement, 'maximum', Number(place));
  const shares = desk.facts.shares.filter(({ of_usage }) => scope === undefined || of_usage === (scope === ':usage'));
  const { rule, steps } = discountSteps(desk.pen, agreement, key, Number(place), line, { ...desk.facts, shares });
  return { rules: [ruleAt(desk, rule.what, rule.path)], steps };
}

function minimumLine(desk: Desk, line: LineFact): Told {
  const part = agreedPart(desk, line);
  const place = Number(/^minimum:(\d+):/.exec(part?.rest ?? '')?.[1] ?? '0');
  const bound = part?.agreement.bounds.filter(({ kind }) => kind === 'minimum')[place - 1];
  if (bound !== undefined && bound.per.unit !== 'period') return longBound(desk, part!.agreement, 'minimum', place);
  const key = desk.config.agreements.indexOf(part?.agreement as Agreement);
  const inForce = desk.facts.bounds.find((each) => each.kind === 'minimum' && each.agreement_key === key && each.place === place);
  if (bound === undefined || inForce === undefined) return {};
  const missing = pricedOf(line);
  const isCut = parseDecimal(bound.amount, 6)! !== inForce.amount_minor * microPerMinor(desk.pen.exponent);
  return {
    rules: [ruleAt(desk, `minimum of ${part!.agreement.agreement_id} (${bound.applies_to})`, bound.path)],
    steps: [amountStep(desk.pen, `${isCut ? `its part of ${bound.amount}` : 'the minimum'}, less what its lines come to after discounts`,
      `${money(desk.pen, inForce.amount_minor)} - ${money(desk.pen, inForce.amount_minor - missing, true)}`)],
  };
}

function carriedLine({ pen }: Desk, line: LineFact): Told {
  const from = /^(inv_[^:]*):credit:/.exec(line.charge_id ?? '')?.[1];
  if (from !== undefined) return { notes: [`the credit that invoice ${from} carried over, with the tax it had there`] };
  return {
    notes: ['the other lines of this tax come to less than nothing: the customer carries it over to the next invoice'],
    steps: [amountStep(pen, 'so that the invoice closes at zero', money(pen, line.amount_minor))],
  };
}

function depositLine(desk: Desk, line: LineFact): Told {
  const part = agreedPart(desk, line);
  const deposit = part?.agreement.deposits.find(({ charge_id }) => part.rest === charge_id || part.rest.startsWith(`${charge_id}:`));
  if (deposit === undefined) return {};
  return {
    rules: [ruleAt(desk, `deposit ${deposit.charge_id} of ${part!.agreement.agreement_id}`, deposit.path)],
    steps: line.kind === 'deposit' ? [amountStep(desk.pen, 'its amount', deposit.amount)] : [],
    notes: line.kind === 'deposit' ? [] : [line.kind === 'deposit_applied'
      ? 'taken off what was paid ahead, as far as it reaches'
      : 'what was paid ahead and not used up, on the last invoice of the agreement'],
  };
}

function adjustmentLine(desk: Desk, line: LineFact): Told {
  const booking = line.booking_id === null ? [] : [bookingOf(desk, line.source!, line.booking_id, null)];
  const amount = money(desk.pen, pricedOf(line));
  const unit = line.unit_price_micro ?? line.original_price_micro;
  const steps = unit === null ? [amountStep(desk.pen, 'the amount', amount)]
    : [amountStep(desk.pen, 'quantity × price', `${factor(line.quantity_micro)} × ${price(desk.pen, unit)}`)];
  // A line that had an amount of its own besides a price is told by its amount.
  const isPriced = steps[0]!.value === amount;
  return { bookings: booking, steps: isPriced ? steps : [] };
}

/** Which tax, and who says so. Prices of agreements bring their own; see docs/agreements.md. */
function taxRules(desk: Desk, line: LineFact): Rule[] {
  const { config, facts } = desk;
  const customer = config.customers[facts.key.customer_key];
  const path = taxPath(config, customer, line);
  return path === null ? [] : [ruleAt(desk, `tax ${line.tax_id}, ${formatMicro(line.tax_rate_micro)} %`, path)];
}

function taxPath(config: Config, customer: Config['customers'][number] | undefined, line: LineFact): ConfigPath | null {
  if (customer === undefined || ['discount', 'carry_over', 'adjustment'].includes(line.kind)) return null;
  const { customer_id } = customer;
  if (line.product !== null && customer.taxes?.[line.product] !== undefined) return ['customers', customer_id, 'taxes', line.product];
  if (customer.tax !== null) return ['customers', customer_id, 'tax'];
  const product = config.products.find((each) => each.product === line.product);
  if (product?.tax === line.tax_id) return ['products', product.product, 'tax'];
  const source = config.bookings.findIndex(({ name, tax }) => name === line.source && tax === line.tax_id);
  if (source !== -1) return ['bookings', source, 'tax'];
  return config.default_tax === line.tax_id ? ['tax'] : ['taxes', line.tax_id];
}
