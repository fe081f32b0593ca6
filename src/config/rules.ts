/**
 * What the shape cannot say: references, orders, contradictions. Each rule is a small function that only pushes findings; they run in
 * this order, but a finding's place decides where it is shown. Rules see only values of the right shape.
 */
import type { Facts } from './facts.js';
import { accountReferences, accountTemplates } from './rules-accounting.js';
import {
  agreementDates, agreementIds, agreementReferences, chargeTimes, customerAgreements, datedLists,
} from './rules-agreements.js';
import {
  agreementTaxes, agreementTotals, amountDecimals, boundForms, depositCurrencies, discountForms, earlyPayment, exchangeRates, taxCurrency,
} from './rules-agreements-money.js';
import { priceModels } from './rules-agreements-prices.js';
import { ledgerAddress } from './rules-ledger.js';
import { bookingColumns, bookingFormats, bookingNames, bookingReferences, bookingStatuses } from './rules-bookings.js';
import { businessCalendar, closedSendWindows, idleCycleKeys, longLeads, usesOutsideOfCycle } from './rules-calendar.js';
import { cycleBounds, cycleDates, cyclePauses, cycleSteps, customerCycles } from './rules-cycles.js';
import { mailServer, numberingTemplates, paymentTermForms, sendWindows, taxCategories } from './rules-documents.js';
import { notificationEvents, notificationNames, notificationWays } from './rules-notifications.js';
import { keysElsewhere } from './rules-privacy.js';
import { manualLineIds, overrideReferences, overrideTargets } from './rules-overrides.js';
import { repeatPrices, repeatReferences, repeatRules } from './rules-repeat.js';
import { reference } from './reference.js';

type Rule = (facts: Facts) => void;

export const RULES: readonly Rule[] = [
  knownTaxes, knownPartners, knownProducts,
  cycleSteps, cycleBounds, cycleDates, cyclePauses, customerCycles,
  businessCalendar, closedSendWindows, longLeads, idleCycleKeys, usesOutsideOfCycle,
  bookingNames, bookingColumns, bookingFormats, bookingStatuses, bookingReferences, ledgerAddress,
  repeatReferences, repeatPrices, repeatRules,
  overrideTargets, overrideReferences, manualLineIds,
  taxCategories, numberingTemplates, paymentTermForms, sendWindows, mailServer, notificationNames, notificationWays, notificationEvents,
  agreementReferences, agreementIds, agreementDates, datedLists, chargeTimes, customerAgreements, priceModels,
  amountDecimals, agreementTotals, discountForms, boundForms, agreementTaxes, exchangeRates, taxCurrency, depositCurrencies, earlyPayment,
  accountTemplates, accountReferences, keysElsewhere,
];

/** Taxes named by the project, by products and by customers. */
function knownTaxes(facts: Facts): void {
  const project = facts.top('tax');
  if (project !== undefined) reference(facts, 'taxes', project, ['tax']);
  for (const [id, { tax }] of facts.entries('products')) if (tax !== undefined) reference(facts, 'taxes', tax, ['products', id, 'tax']);
  for (const [id, { tax }] of facts.entries('customers')) if (tax !== undefined) reference(facts, 'taxes', tax, ['customers', id, 'tax']);
}

function knownPartners(facts: Facts): void {
  for (const [id, { partner }] of facts.entries('customers')) {
    if (partner !== undefined) reference(facts, 'partners', partner, ['customers', id, 'partner']);
  }
}

/** Products that customers have own prices for. */
function knownProducts(facts: Facts): void {
  for (const [id, { prices }] of facts.entries('customers')) {
    for (const product of Object.keys(prices ?? {})) reference(facts, 'products', product, ['customers', id, 'prices', product]);
  }
}
