/** The written shape of what decides when and how is billed: cycles, automation, terms, numbering, partners, customers, mail. */
import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

import { LOCALES } from '../values/locales.js';
import { prices, settlement } from './shape-agreements.js';
import { choice, many, mapOf, maybe, named, oneOrMany, orNull, record, text, whole, yesNo } from './shape-words.js';

export const address = named('address', record({
  line1: text('line', 'Street and number, or the first line of the address.'),
  line2: maybe(text('line', 'Second line of the address.')),
  city: text('line', 'Town.'),
  postal_code: maybe(text('line', 'Postal code, in quotes where it is digits only.')),
  region: maybe(text('line', 'State, county or region.')),
  country: text('country', 'Country, ISO 3166-1 alpha-2, like DE.'),
}, 'A postal address.'));

const weekday = choice(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], 'A day of the week.');

const limits = {
  max_invoice_total: maybe(orNull(text('unsigned-decimal', 'A total in the currency of the invoice.'),
    'An invoice with a higher total parks its customer for review. A quoted decimal; null: no limit.')),
  max_change_percent: maybe(orNull(whole(0, 1_000_000, 'A percentage.'),
    'A total that differs by more than this from the invoice before parks the customer: 300 lets 100.00 become at most 400.00.')),
  max_lines: maybe(orNull(whole(1, 1_000_000, 'A number of lines.'), 'An invoice with more lines parks its customer.')),
};

const dayRule = (what: string) => choice(['none', 'following', 'preceding', 'modified_following'], `${what} Default none.`);

const automationKeys = {
  enabled: maybe(yesNo('false: previews are made, nothing is confirmed by itself. Default true.')),
  lead_days: maybe(whole(0, 366, 'How many days before the billing date the preview is made. Default 0.')),
  confirmation_window_days: maybe(Type.Unsafe<number | 'last_day_of_month'>({
    anyOf: [whole(0, 366, 'A number of days.'), choice(['last_day_of_month'], 'The last day of the month of the preview.')],
    description: 'Days after the preview until it is confirmed by itself, or last_day_of_month: on the last day of the month of the '
      + 'preview. Default 3.',
  })),
  confirm_at: maybe(text('time-of-day', 'Local time of the automatic confirmation. Default "22:00".')),
  lock_before_period_end: maybe(yesNo('In arrears: allow confirmation before the period has ended. Default false.')),
  auto_send: maybe(yesNo('Send the mail after confirmation. Default true.')),
  auto_send_delay_hours: maybe(whole(0, 8784, 'Hours between confirmation and sending, in which an invoice can be cancelled. Default 0.')),
  send_window: maybe(named('send_window', orNull(record({
    days: maybe(many(weekday, 'Days on which mail may go. Default all.')),
    hours: maybe(text('line', 'Local hours, like "08:00-18:00"; "24:00" may end it. Default the whole day.')),
  }, 'A window.'), 'When mail may go. Default null: always.'))),
  document_date: maybe(choice(['billing_date', 'confirmed_date'], 'The date on the document. Default billing_date.')),
  lock_invoices: maybe(yesNo('Lock at the end of the cycle even if nobody confirmed. Default false.')),
  separate_preview_per_partner: maybe(yesNo('One batch per partner. Default false.')),
  late_bookings: maybe(choice(['next_invoice', 'own_invoice', 'hold'],
    'What becomes of bookings that arrive after their period was billed. Default next_invoice.')),
  changed_bookings: maybe(choice(['adjust', 'credit_note', 'hold'], 'What becomes of bookings that change, are cancelled or vanish '
    + 'after they were billed. adjust: what was billed is taken back on the next invoice, with what is right beside it. credit_note: it is '
    + 'taken back by a credit note of its own, and what is right is billed like a late booking. hold: nothing, but a warning. Default '
    + 'adjust.')),
  business_days: maybe(named('business_days', record({
    billing: maybe(dayRule('The billing date. The bounds of the period stay.')),
    due: maybe(dayRule('The date on which an invoice is due, after the payment terms.')),
    send: maybe(dayRule('The day of sending. Never earlier than the confirmation and the delay: every rule but none moves it on.')),
  }, 'Which way a date goes that is not a business day; needs `business_calendar`. none: it stays. following: to the next business day. '
    + 'preceding: to the one before. modified_following: to the next, unless that is in another month, then to the one before.'))),
  deadline_notice_hours: maybe(orNull(whole(0, 8784, 'A number of hours.'),
    'How long before the automatic confirmation the notice `deadline_near` is given; null: never. Default 24.')),
};

export const businessCalendar = record({
  country: maybe(text('line', 'Public holidays of this country, ISO 3166-1, like DE. Without it there are none.')),
  region: maybe(text('line', 'And of this region: what follows the dash in ISO 3166-2, like HH for DE-HH.')),
  weekend: maybe(many(weekday, 'Days of the week that are not worked. Default [sat, sun].')),
  holidays: maybe(many(text('date', 'A date.'), 'Further days that are not worked.')),
  working_days: maybe(many(text('date', 'A date.'), 'Days that are worked after all.')),
}, 'Which days are business days. `automation.business_days` says which dates keep to them.');

/** What partners, cycles and customers may set. */
export const automation = named('automation', record({
  ...automationKeys,
  limits: maybe(record(limits, 'Limits that park a customer for review; the others go on.')),
}, 'Automation. Global, then partner, cycle, customer: the later ones win key by key.'));

export const globalAutomation = record({
  ...automationKeys,
  limits: maybe(record({
    ...limits,
    max_catch_up_days: maybe(orNull(whole(0, 36_500, 'A number of days.'),
      'A run that would have to make up for more days than this stops and asks. Default null: no limit.')),
  }, 'Limits that park a customer for review; the others go on.')),
}, 'Automation of all customers. Global, then partner, cycle, customer: the later ones win key by key.');

export const paymentTerms = named('payment_terms', record({
  net_days: maybe(whole(0, 3650, 'Due this many days after the document date.')),
  due: maybe(choice(['same_as_document_date'], 'Due at once.')),
  end_of_month: maybe(yesNo('Due at the end of the month of the document, plus `plus_days`.')),
  plus_days: maybe(whole(0, 3650, 'Days after the end of the month.')),
  discount: maybe(record({
    percent: text('percent', 'Percent of the total.'),
    within_days: whole(0, 3650, 'Days from the document date in which it has to be paid.'),
  }, 'Who pays early may take this off: { percent: "2", within_days: 10 }.')),
}, 'When an invoice is due: { net_days: 14 }, { due: same_as_document_date } or { end_of_month: true, plus_days: 10 }.'));

export const numbering = record({
  invoice: maybe(text('line', 'Number of an invoice, like "INV-{year}-{seq:6}". {seq:6} is filled with zeros to six digits.')),
  credit_note: maybe(text('line', 'Number of a credit note, like "CN-{year}-{seq:6}". Must not be able to equal an invoice number.')),
  reset: maybe(choice(['yearly', 'never'], 'When the sequence begins again with 1. Default yearly.')),
}, 'Numbers of documents.');

export const cycle = record({
  name: maybe(text('line', 'Shown on documents. Default: the id.')),
  type: choice(['daily', 'weekly', 'bi-weekly', 'monthly', 'quarterly', 'semi-annually', 'annually', 'custom'], 'How often is billed.'),
  every: maybe(record({
    days: maybe(whole(1, 3660, 'A step of days.')),
    weeks: maybe(whole(1, 520, 'A step of weeks.')),
    months: maybe(whole(1, 120, 'A step of months.')),
    years: maybe(whole(1, 10, 'A step of years.')),
  }, 'Only for custom: a step of one unit, like { days: 10 }.')),
  dates: maybe(many(text('date', 'A boundary.'), 'Only for custom: boundaries, ascending; the last one only ends the period before it.')),
  start: maybe(text('local-date-time', 'The anchor: the n-th boundary is computed from it. Needed, but not beside `dates`.')),
  end: maybe(text('local-date-time', 'No period reaches beyond it.')),
  recurring_count: maybe(whole(1, 100_000, 'Number of periods.')),
  timing: maybe(choice(['in_arrears', 'in_advance'], 'Billed at the end or at the start of the period. Default in_arrears.')),
  timezone: maybe(text('time-zone', 'Zone of the boundaries. Default: that of the project.')),
  enabled: maybe(yesNo('false: no new previews; bookings wait. Default true.')),
  first_period: maybe(choice(['stub', 'merge'],
    'A first period that is cut short at its start: billed by itself (stub), or with the one after it (merge). Default stub.')),
  pause: maybe(many(record({
    from: text('date', 'First day of the pause.'),
    until: maybe(text('date', 'The first day that is billed again. Without it the pause is open.')),
  }, 'A pause.'), 'Times without new previews; bookings wait. Ascending.')),
  assign_by: maybe(choice(['starts_at', 'ends_at'],
    'Which time of a booking decides its period. Default ends_at in arrears, starts_at in advance.')),
  automation: maybe(automation),
}, 'A billing cycle.');

export const partner = record({
  name: text('line', 'Name of the partner.'),
  email: maybe(text('email', 'Where the partner is written to.')),
  templates: maybe(text('project-path', 'Folder of own templates, relative to the project.')),
  automation: maybe(automation),
}, 'A reseller or brand under the issuer.');

const cycleUse = record({
  use: text('name-id', 'Id of a cycle.'),
  from: maybe(text('local-date-time', 'From when, in the local time of the cycle. Needed from the second entry on.')),
  until: maybe(text('local-date-time', 'Until when, exclusive. Default: until the next entry begins, or open.')),
}, 'A stretch of time billed by one cycle.');

/** Of both parties; only e-invoices have it. */
export const electronicAddress = named('electronic_address', record({
  scheme: text('address-code', 'What kind of address it is: a code of the list EAS, "9930" for German VAT numbers.'),
  id: text('line', 'The address, like DE811907980.'),
}, 'Address in the Peppol network. Where both parties have one, e-invoices are Peppol BIS Billing 3.'));

export const customer = record({
  name: text('line', 'Name on the invoice.'),
  email: maybe(oneOrMany(text('email', 'An e-mail address.'), 'Who gets the invoices. Without it the invoice is made, not mailed.')),
  address: maybe(address),
  tax_id: maybe(text('line', 'VAT number or other tax id of the customer.')),
  contact: maybe(text('line', 'Who to write to by name.')),
  cycle: oneOrManyUses(),
  partner: maybe(text('name-id', 'Id of a partner.')),
  payment_terms: maybe(paymentTerms),
  purchase_order: maybe(text('line', 'Purchase order number on every invoice.')),
  buyer_reference: maybe(text('line', 'What the customer wants e-invoices to bear (BT-10), like the Leitweg-ID of a German public buyer. '
    + 'Default: the purchase order.')),
  electronic_address: maybe(electronicAddress),
  tax: maybe(text('name-id', "Id of a tax that overrides the products' (reverse charge, exempt).")),
  taxes: maybe(mapOf('product-id', text('name-id', 'Id of a tax.'), 'Taxes by product, where they differ from all others.')),
  prices: maybe(mapOf('product-id', prices('Own price of a product.'), 'Own prices by product.')),
  prices_include_tax: maybe(yesNo('The prices written here include tax. Default: as the project.')),
  agreements: maybe(many(text('name-id', 'Id of an agreement.'), 'Agreements with this customer. A product is priced by one at a time.')),
  invoice_currency: maybe(text('currency', 'Everything is billed in this currency, at the `exchange_rates`. Default: one invoice per '
    + 'currency.')),
  ...settlement,
  locale: maybe(choice(LOCALES, 'Language and region of documents. Default: that of the project.')),
  automation: maybe(automation),
}, 'A customer.');

function oneOrManyUses() {
  const one = text('name-id', 'Id of a cycle.');
  return Type.Unsafe<string | readonly Static<typeof cycleUse>[]>({
    anyOf: [one, { type: 'array', items: cycleUse, minItems: 1 }],
    description: 'The cycle, or a list when it changes: [{ use: weekly }, { use: monthly, from: 2026-07-01 }].',
  });
}

export const mail = record({
  transport: choice(['smtp', 'file'], 'smtp sends; file writes .eml files.'),
  url: maybe(text('smtp-url', 'The server, smtp://user:password@host:587. Take it from the environment: ${SMTP_URL}.')),
  from: text('mailbox', 'Sender, `Name <address>`.'),
  reply_to: maybe(text('email', 'Where answers go.')),
  bcc: maybe(oneOrMany(text('email', 'An e-mail address.'), 'Gets a blind copy of every mail.')),
  attach: maybe(Type.Unsafe<readonly ('pdf' | 'xml')[]>({
    type: 'array', items: choice(['pdf', 'xml'], 'A document.'), uniqueItems: true,
    description: 'Documents that go with the mail: the invoice as PDF, and as e-invoice (UBL, EN 16931) where its data suffice. '
      + 'Default [pdf].',
  })),
  connections: maybe(whole(1, 50, 'SMTP connections at once. Default 4.')),
}, 'How mail is sent. Without it invoices are made, not mailed.');
