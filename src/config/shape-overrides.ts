/** The written shape of what finance decides by hand: holds, skips, releases, lines, purchase orders and notes. */
import type { Static } from '@sinclair/typebox';

import { many, maybe, record, text, yesNo } from './shape-words.js';

const manualLine = record({
  id: maybe(text('name-id', 'Tells this line from the others of the same customer and batch. Default: its place in the list.')),
  description: maybe(text('line', 'What stands on the invoice. Default: the name of the product.')),
  product: maybe(text('product-id', 'Id of a product, for its name, unit, price and tax.')),
  quantity: maybe(text('decimal', 'A quoted decimal. Default "1".')),
  unit_price: maybe(text('decimal',
    'Price per unit, a quoted decimal; below zero for a credit. Default: the price of the customer or product.')),
  currency: maybe(text('currency', 'Currency of the invoice it goes to. Default: that of the project.')),
  tax: maybe(text('name-id', 'Id of a tax. Default: as for bookings of the product.')),
}, 'A line that no booking stands behind.');

export const override = record({
  customer: maybe(text('customer-id', 'Id of a customer.')),
  booking: maybe(text('line', 'Id of a booking, to hold it.')),
  source: maybe(text('line', 'Name of the source of the booking, or repeat:<id>. Needed where there is more than one.')),
  batch: maybe(text('name-id', 'Id of a batch, like 2026-05-01, as `duebook status` tells it.')),
  period: maybe(text('date', 'The period that begins on this date.')),
  hold: maybe(yesNo('true: nothing of it is confirmed as long as this stands here.')),
  skip: maybe(yesNo('true: no invoice for this period; its bookings go to the next one.')),
  release: maybe(yesNo('true: limits do not park this customer for this period.')),
  reason: maybe(text('line', 'Why; shown in status and summaries.')),
  lines: maybe(many(manualLine, 'Lines to add to the invoice.')),
  purchase_order: maybe(text('line', 'Purchase order number of this invoice.')),
  note: maybe(text('line', 'A sentence on the invoice.')),
}, 'A decision of finance about a customer, a batch or a booking.');

export type OverrideSpec = Static<typeof override>;
