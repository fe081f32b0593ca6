/** How the tax of an invoice comes about in the currency in which the issuer accounts for it. */
import type { Config } from '../config/types.js';
import type { InvoiceRecord } from '../documents/types.js';
import { exponentOf } from '../values/money.js';
import { ruleAt } from './explain-lines.js';
import { amountStep } from './explain-steps.js';
import type { ExplainedAccounting } from './explain-types.js';

/** From the tax of the invoice to that in another currency, and where the rate is declared today. */
export function explainAccounted(config: Config, { currency: from, tax, accounted_tax: told }: InvoiceRecord): ExplainedAccounting | null {
  if (told === null) return null;
  const { currency, rate, on, source } = told;
  const declared = config.exchange_rates.find((each) => each.from === from && each.to === currency && each.on === on
    && each.rate === rate && each.source === source);
  const pen = { exponent: exponentOf(currency), rounding: config.rounding };
  const formula = `${tax.startsWith('-') ? `(${tax})` : tax} × ${rate}`;
  const step = amountStep(pen, `the tax of the invoice at the rate of ${on}, ${source}`, formula);
  return {
    currency, tax: told.tax, steps: step.value === told.tax ? [step] : [],
    rules: declared === undefined ? [] : [ruleAt({ config }, `exchange rate of ${on}, ${source}`, declared.path)],
  };
}
