/** The written shape of repeat bookings: services that come again by a rule, without a file that lists them. */
import type { Static } from '@sinclair/typebox';

import { many, maybe, record, text, whole, yesNo } from './shape-words.js';

/** A year; longer services are several bookings. */
const MAX_MINUTES = 527_040;

export const repeatBooking = record({
  customer: text('customer-id', 'Id of a customer.'),
  product: maybe(text('product-id', 'Id of a product. Needed where there is no description.')),
  description: maybe(text('line', 'What stands on the invoice. Default: the name of the product.')),
  rule: text('line', 'When it happens, an RRULE of RFC 5545: FREQ=WEEKLY;BYDAY=MO is every Monday, FREQ=MONTHLY;BYDAY=-1FR the last Friday '
    + 'of the month, FREQ=MONTHLY;BYMONTHDAY=-1 the last day. Dates that do not exist, like April 31, are left out.'),
  start: text('local-date-time', 'From when, in local time, like 2026-01-05T09:00. It happens at this time of day. The start itself counts '
    + 'only if it fits the rule.'),
  duration_minutes: maybe(whole(0, MAX_MINUTES, 'How long it takes. Default 0.')),
  timezone: maybe(text('time-zone',
    'Zone of its local times; the time of day stays the same in summer and winter. Default: that of the project.')),
  until: maybe(text('local-date-time', 'The last day, or local time, on which it may happen; the day is included.')),
  except: maybe(many(text('local-date-time', 'A local date, or date and time.'),
    'Dates, or dates with times, on which it does not happen. Each must meet one that the rule makes.')),
  quantity: maybe(text('decimal', 'A quoted decimal. Default "1".')),
  unit_price: maybe(text('decimal', "Price per unit, a quoted decimal. Default: the customer's or the product's.")),
  amount: maybe(text('decimal', 'Price of each one as a whole, a quoted decimal, in place of `unit_price`.')),
  currency: maybe(text('currency', 'Currency of `unit_price` and `amount`. Default: that of the project.')),
  tax: maybe(text('name-id', 'Id of a tax, where neither customer nor product name one.')),
  invoice_all: maybe(yesNo('true: all of a period go on its invoice, also those still to come when it is confirmed. Default false: what '
    + 'is still to come waits in arrears.')),
}, 'A booking that comes again by a rule.');

export type RepeatSpec = Static<typeof repeatBooking>;
