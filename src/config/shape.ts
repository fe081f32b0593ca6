/**
 * What the user writes, as one definition: the type {@link ConfigSpec}, the JSON Schema for editors and the validator are all made
 * from it. Nothing here has defaults filled in; the resolved form is `Config` in `types.ts`.
 */
import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

import { LOCALES } from '../values/locales.js';
import { privacy, retention } from './shape-privacy.js';
import { accounting } from './shape-accounting.js';
import {
  address, businessCalendar, customer, cycle, electronicAddress, globalAutomation, mail, numbering, partner, paymentTerms,
} from './shape-billing.js';
import { agreement, exchangeRates, indexes, prices, settlement, taxRate } from './shape-agreements.js';
import { notification } from './shape-notifications.js';
import { override } from './shape-overrides.js';
import { repeatBooking } from './shape-repeat.js';
import { choice, many, mapOf, maybe, named, oneOrMany, record, text, wording, yesNo } from './shape-words.js';

const issuer = record({
  id: text('name-id', 'Short id of the legal entity.'),
  name: text('line', 'Legal name.'),
  address,
  tax_id: maybe(text('line', 'VAT number.')),
  tax_currency: maybe(text('currency', 'The currency in which VAT is accounted for: that of the country. An invoice in another currency '
    + 'states its VAT in this one, too, at the `exchange_rates`.')),
  registration: maybe(text('line', 'Entry in the register of companies.')),
  email: maybe(text('email', 'Address for questions.')),
  phone: maybe(text('line', 'Telephone.')),
  website: maybe(text('line', 'Web site.')),
  bank: maybe(record({
    name: maybe(text('line', 'Name of the bank.')),
    iban: text('iban', 'IBAN.'),
    bic: maybe(text('line', 'BIC.')),
  }, 'Account that customers pay to.')),
  electronic_address: maybe(electronicAddress),
  logo: maybe(text('image-path', 'PNG, JPEG or SVG, relative to the project.')),
}, 'The legal entity that invoices.');

const columnName = text('line', 'A column of the file.');
const column = named('column', oneOrMany(columnName, 'Column of the file.'));
const statusWords = named('status_words', oneOrMany(text('line', 'A word of theirs.'), 'Their words for this status.'));

const bookings = record({
  name: text('name-id', 'Name of the source; part of what identifies a booking.'),
  path: text('project-path', 'Pattern of files, relative to the project, like data/bookings/*.csv.'),
  format: maybe(choice(['csv', 'parquet'], 'Default: by the extension of the path.')),
  columns: record({
    booking_id: oneOrMany(columnName,
      'Column of the id. A list makes a composite id; the word `line` in it is the number of the row among those with the same other '
      + 'parts.'),
    customer_id: column,
    product: maybe(column),
    description: maybe(column),
    starts_at: maybe(column),
    ends_at: maybe(column),
    quantity: maybe(column),
    unit_price: maybe(column),
    amount: maybe(column),
    currency: maybe(column),
    status: maybe(column),
  }, 'Ours: theirs.'),
  status: maybe(record({
    billable: maybe(statusWords),
    scheduled: maybe(statusWords),
    cancelled: maybe(statusWords),
    ignored: maybe(statusWords),
  }, 'Our status: their words. Without it their words must be ours; without a status column every row is billable.')),
  timezone: maybe(text('time-zone', 'Zone of times without an offset. Default: that of the project.')),
  date_formats: maybe(many(Type.String({ minLength: 2 }), 'strptime patterns, tried in order, like "%d.%m.%Y %H:%M". Default: ISO 8601.')),
  decimal: maybe(choice(['.', ','], 'Decimal sign. Default ".".')),
  delimiter: maybe(Type.String({ minLength: 1, maxLength: 1, description: 'Sign between columns. Default ",".' })),
  quote: maybe(Type.String({ minLength: 1, maxLength: 1, description: "Quotation sign. Default '\"'." })),
  encoding: maybe(choice(['utf-8', 'utf-16', 'latin-1', 'windows-1252'], 'Default utf-8.')),
  product: maybe(text('product-id', 'Product of rows without a product.')),
  tax: maybe(text('name-id', 'Tax of the rows of this source.')),
  prices_include_tax: maybe(yesNo('Prices and amounts in the files include tax. Default: as the project.')),
  on_reject: maybe(choice(['fail', 'quarantine'], 'What a row that cannot be read does to the run. Default fail.')),
  complete: maybe(yesNo('true: every export has all bookings, so that one that is missing from it was deleted, and is taken back if it was '
    + 'billed. Default false.')),
  control: maybe(text('project-path', 'CSV with the columns file, rows, amount, to prove that nothing is missing.')),
}, 'A source of bookings.');

const tax = record({
  name: wording('Name on documents, or names by language: { de: USt 19 %, en: VAT 19 % }. A language that is missing has that of the '
    + 'project, or the first.'),
  rate: taxRate,
  category: choice(['S', 'Z', 'E', 'AE', 'K', 'G', 'O', 'L', 'M'], 'EN 16931 category: S standard, Z zero, E exempt, AE reverse charge, K '
    + 'intra-community, G export, O outside of scope, L Canary Islands, M Ceuta and Melilla.'),
  note: maybe(wording('Reason on the document, needed for exempt and reverse charge; or reasons by language.')),
}, 'A tax.');

const product = record({
  name: text('line', 'Name on documents.'),
  unit: maybe(text('line',
    'Unit, like hour. Documents have minute, hour, day, week, month, year, piece and litre in their language, others as here.')),
  price: maybe(prices('Price in the currency of the project.')),
  prices_include_tax: maybe(yesNo('The price includes tax. Default: as the project.')),
  tax: maybe(text('name-id', 'Id of a tax. Default: `tax` of the project.')),
}, 'A product or service.');

/** The whole written configuration, after includes. */
export const configShape = record({
  version: Type.Literal(1, { description: 'Version of this format.' }),
  include: maybe(many(text('project-path', 'A file or pattern.'),
    'Further files, merged by key: config/customers/*.yaml. A key defined twice is an error.')),
  issuer,
  currency: text('currency', 'ISO 4217 currency of prices, and of bookings without one.'),
  timezone: text('time-zone', 'IANA zone of the issuer.'),
  locale: maybe(choice(LOCALES, 'Language and region of documents. Default en-GB.')),
  ledger: maybe(text('path',
    'Folder of the ledger, or a bucket: s3://bucket/prefix?region=eu-central-1 (endpoint= and path_style= for other servers). '
    + 'Default data/ledger.')),
  output: maybe(text('path', 'Folder of what is made for people. Default out.')),
  approvals: maybe(text('project-path', 'Folder of approvals, one file a batch: `run` confirms what they name. Default approvals.')),
  templates: maybe(text('project-path', 'Folder of templates. Default: the built-in ones.')),
  rounding: maybe(choice(['half_away', 'half_even'], 'How a line is rounded. Default half_away.')),
  tax_rounding: maybe(choice(['invoice', 'line'], 'Tax is rounded once per tax and invoice, or per line. Default invoice.')),
  bookings: maybe(many(bookings, 'Where bookings come from.')),
  taxes: maybe(mapOf('name-id', tax, 'Taxes by id.')),
  tax: maybe(text('name-id', 'Id of the tax of products that name none.')),
  products: maybe(mapOf('product-id', product, 'Products by id, as they stand in the bookings.')),
  repeat_bookings: maybe(mapOf('name-id', repeatBooking, 'Bookings that come again by a rule, by id.')),
  cycles: maybe(mapOf('name-id', cycle, 'Billing cycles by id.')),
  automation: maybe(globalAutomation),
  business_calendar: maybe(businessCalendar),
  payment_terms: maybe(paymentTerms),
  numbering: maybe(numbering),
  partners: maybe(mapOf('name-id', partner, 'Partners by id.')),
  customers: maybe(mapOf('customer-id', customer, 'Customers by id, as they stand in the bookings.')),
  agreements: maybe(mapOf('name-id', agreement, 'Agreements by id. A customer names those that hold for it.')),
  indexes,
  exchange_rates: exchangeRates,
  prices_include_tax: maybe(yesNo('Prices in this configuration and in bookings include tax. Default false.')),
  ...settlement,
  mail: maybe(mail),
  overrides: maybe(many(override, 'What finance decides by hand: holds, skips, releases, lines, purchase orders, notes.')),
  accounting: maybe(accounting),
  privacy: maybe(privacy),
  retention: maybe(retention),
  notifications: maybe(many(notification, 'Who of the team is told what, by e-mail or by webhook.')),
}, 'Configuration of duebook.');

/** What the user writes, after includes; every text may still hold `${ENV}` references. */
export type ConfigSpec = Static<typeof configShape>;
export type CycleSpec = Static<typeof cycle>;
export type CustomerSpec = Static<typeof customer>;
export type PartnerSpec = Static<typeof partner>;
export type BookingsSpec = Static<typeof bookings>;
export type NotificationSpec = Static<typeof notification>;
export type TaxSpec = Static<typeof tax>;
export type AutomationSpec = Static<typeof globalAutomation>;
export type BusinessCalendarSpec = Static<typeof businessCalendar>;
export type PaymentTermsSpec = Static<typeof paymentTerms>;
export type NumberingSpec = Static<typeof numbering>;
