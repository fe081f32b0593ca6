/** Rules about taxes, terms, numbers and sending. */
import { parseDecimal } from '../values/money.js';
import type { Facts } from './facts.js';
import { canCoincide, parseNumbering } from './numbering.js';
import type { Path } from './positions.js';
import { numberingOf } from './defaults.js';

/** EN 16931: BR-S-5 wants a rate above zero; BR-Z-5, BR-E-5, BR-AE-5, BR-IC-5, BR-G-5, BR-O-5 want none. */
export function taxCategories(facts: Facts): void {
  for (const [id, { rate: written, category, note }] of facts.entries('taxes')) {
    const rates = typeof written === 'string' ? [written] : written.map(({ rate }) => rate);
    const isZero = rates.some((rate) => parseDecimal(rate) === 0n);
    const charging = rates.find((rate) => parseDecimal(rate) !== 0n);
    if (category === 'S' && isZero) {
      facts.error(
        'CONFIG_VALUE', ['taxes', id, 'category'], `tax ${id} has the category S (standard) and the rate 0`,
        'use Z (zero rated), E (exempt) or AE (reverse charge)',
      );
    }
    if (/^(Z|E|AE|K|G|O)$/.test(category) && charging !== undefined) {
      facts.error(
        'CONFIG_VALUE', ['taxes', id, 'rate'], `tax ${id} has the category ${category}, which charges nothing, and the rate ${charging}`,
        'set the rate to "0", or use S',
      );
    }
    if (/^(E|AE|K|G|O)$/.test(category) && note === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', ['taxes', id], `tax ${id} has the category ${category} and no "note"`,
        'documents must say why no tax is charged (EN 16931, BT-120): add note: with the reason',
      );
    }
  }
}

/** Numbers are well-formed, unique over the years, and an invoice never has the number of a credit note. */
export function numberingTemplates(facts: Facts): void {
  const written = facts.top('numbering');
  const numbering = numberingOf(written);
  const parsed = (['invoice', 'credit_note'] as const).map((kind) => {
    const path: Path = ['numbering', kind];
    const result = parseNumbering(numbering[kind]);
    if ('problem' in result) {
      facts.error(
        'CONFIG_NUMBERING', path, `the number of ${kind === 'invoice' ? 'an invoice' : 'a credit note'}: ${result.problem}`, result.hint,
      );
      return null;
    }
    if (numbering.reset === 'yearly' && !result.parts.some((part) => part.kind === 'year')) {
      facts.error(
        'CONFIG_NUMBERING', path, `"${numbering[kind]}" begins again every year but does not hold {year}`,
        'add {year}, or set reset: never',
      );
    }
    return result.parts;
  });
  const [invoice, creditNote] = parsed;
  if (invoice != null && creditNote != null && canCoincide(invoice, creditNote)) {
    facts.error(
      'CONFIG_NUMBERING', ['numbering', 'credit_note'],
      `an invoice (${numbering.invoice}) and a credit note (${numbering.credit_note}) could get the same number`,
      'give one of them a different beginning',
    );
  }
}

/** One of the three forms. */
export function paymentTermForms(facts: Facts): void {
  const check = (terms: ReturnType<typeof facts.top<'payment_terms'>>, path: Path): void => {
    if (terms === undefined) return;
    const forms = [terms.net_days !== undefined, terms.due !== undefined, terms.end_of_month === true].filter(Boolean).length;
    const isLoose = terms.plus_days !== undefined && terms.end_of_month !== true;
    if (forms === 1 && !isLoose) return;
    facts.error(
      'CONFIG_VALUE', path,
      isLoose ? 'payment terms with "plus_days" need end_of_month: true' : `payment terms say ${forms === 0 ? 'nothing' : 'two things'}`,
      'use one of: { net_days: 14 }, { due: same_as_document_date }, { end_of_month: true, plus_days: 10 }',
    );
  };
  check(facts.top('payment_terms'), ['payment_terms']);
  for (const [id, { payment_terms: terms }] of facts.entries('customers')) check(terms, ['customers', id, 'payment_terms']);
}

/** A window that never opens would keep mail for ever. */
export function sendWindows(facts: Facts): void {
  const check = (automation: { send_window?: { hours?: string } | null } | undefined, path: Path): void => {
    const hours = automation?.send_window?.hours;
    if (hours === undefined) return;
    const at = [...path, 'automation', 'send_window', 'hours'];
    const match = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.exec(hours);
    if (match === null) facts.error('CONFIG_VALUE', at, `the hours "${hours}" cannot be read`, 'write them like "08:00-18:00"');
    else if (match[1] === match[2]) {
      facts.error('CONFIG_VALUE', at, `the send window "${hours}" never opens`, 'widen it, or leave "hours" out for the whole day');
    }
  };
  check(facts.top('automation'), []);
  for (const map of ['partners', 'cycles', 'customers'] as const) {
    for (const [id, { automation }] of facts.entries(map)) check(automation, [map, id]);
  }
}

export function mailServer(facts: Facts): void {
  const mail = facts.top('mail');
  if (mail?.transport === 'smtp' && mail.url === undefined) {
    facts.error('CONFIG_MISSING_KEY', ['mail', 'transport'], 'mail: the transport smtp needs the key "url"', 'add url: ${SMTP_URL}');
  }
}
