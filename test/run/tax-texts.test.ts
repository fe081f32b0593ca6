/** Names and notes of taxes stand on documents in the language of the customer, wherever they are shown and whatever becomes of them. */
import { describe, expect, it } from 'vitest';
import { credit } from '../../src/run/credit.js';
import { show } from '../../src/run/show.js';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';
import { reading } from '../support/ubl.js';

const TEXTS = `SELECT i.customer_name, CAST(i.billing_date AS VARCHAR) AS d, t.tax_id, t.rate_micro // 10000 AS rate, t.name, t.note FROM ledger.invoice_taxes AS t
  JOIN ledger.invoices AS i ON i.invoice_id = t.invoice_id ORDER BY i.serial, i.seq, t.tax_id, t.rate_micro`;
const REVERSE = {
  name: { de: 'Steuerschuld des Empfängers', fr: 'Autoliquidation', en: 'Reverse charge' }, rate: '0', category: 'AE',
  note: { fr: 'Autoliquidation par le preneur', en: 'The recipient accounts for VAT' },
};
const STANDARD = { name: { de: 'USt', en: 'VAT' }, category: 'S', rate: [{ rate: '19' }, { from: '2026-02-01', rate: '20', name: { de: 'USt neu', en: 'VAT new' } }] };
const address = { line1: 'Weg 1', city: 'Ort', postal_code: '1000', country: 'AT' };
const CUSTOMERS = {
  acme: { name: 'Acme', locale: 'de-AT', tax: 'reverse', address, tax_id: 'ATU12345678' },
  bolt: { name: 'Bolt', locale: 'fr-FR', cycle: 'monthly', tax: 'reverse', address, tax_id: 'FR12345678901' },
  cord: { name: 'Cord', locale: 'en-IE', cycle: 'monthly', tax: 'reverse', address, tax_id: 'IE1234567WA' },
  dune: { name: 'Dune', locale: 'nl-NL', cycle: 'monthly', tax: 'reverse', address, tax_id: 'NL123456789B01' },
  echo: { name: 'Echo', locale: 'de-DE', cycle: 'monthly' },
};
const SPEC: Spec = {
  locale: 'en-GB', issuer: { tax_id: 'DE811907980' }, taxes: { standard: STANDARD, reverse: REVERSE }, customers: CUSTOMERS,
};
const booking = (id: string, customer: string, start = '2026-01-10', amount = '100.00'): Booking => ({ id, customer, product: 'visit', amount, start });

async function billed(spec: Spec = SPEC): Promise<Project> {
  const made = await project(spec, [...Object.keys(CUSTOMERS).map((customer) => booking(customer[0]!.toUpperCase(), customer)), booking('E2', 'echo', '2026-02-10')]);
  await made.run('2026-03-20');
  return made;
}

/** The invoice of Bolt in one of the formats. */
async function french(made: Project, format: 'html' | 'xml'): Promise<string> {
  return (await show(made.world, { as_of: '2026-03-21', id: await numberOf(made), format })).bytes!.toString();
}

async function numberOf(made: Project): Promise<string> {
  return (await made.told("SELECT number FROM ledger.invoices WHERE customer_name = 'Bolt'"))[0]!;
}

describe('names and notes of taxes by language', () => {
  it('are those of the customer, else of the project, and stand so in the ledger', async () => {
    const made = await billed();
    expect(await made.told(TEXTS)).toEqual([
      'Acme | 2026-02-01 | reverse | 0 | Steuerschuld des Empfängers | The recipient accounts for VAT',
      'Bolt | 2026-02-01 | reverse | 0 | Autoliquidation | Autoliquidation par le preneur',
      'Cord | 2026-02-01 | reverse | 0 | Reverse charge | The recipient accounts for VAT',
      'Dune | 2026-02-01 | reverse | 0 | Reverse charge | The recipient accounts for VAT',
      'Echo | 2026-02-01 | standard | 1900 | USt | -',
      'Echo | 2026-03-01 | standard | 2000 | USt neu | -',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('stand on page and e-invoice', async () => {
    const made = await billed();
    expect(reading(await french(made, 'xml'), ({ one }) => one('//cbc:TaxExemptionReason'))).toBe('Autoliquidation par le preneur');
    const page = await french(made, 'html');
    expect(page).toContain('Autoliquidation');
    expect(page).not.toContain('Reverse charge');
    expect(page).not.toContain('The recipient');
  });

  it('are on a credit note as its invoice had them, whatever the configuration says since', async () => {
    const made = await billed();
    await made.configure({ ...SPEC, taxes: { standard: STANDARD, reverse: { ...REVERSE, name: 'Other', note: 'Other' } }, customers: {
      ...CUSTOMERS, bolt: { ...CUSTOMERS.bolt, locale: 'de-DE' } } });
    await credit(made.world, { as_of: '2026-03-21', number: await numberOf(made), lines: [], reason: 'Wrong', reissue: false, dry_run: false });
    expect((await made.told(TEXTS)).at(-1)).toBe('Bolt | 2026-02-01 | reverse | 0 | Autoliquidation | Autoliquidation par le preneur');
  });

  it('of a rate that only the ledger knows are those of the customer\'s own invoice', async () => {
    const spec = { locale: 'en-GB', taxes: { standard: { name: { de: 'USt', fr: 'TVA', en: 'VAT' }, rate: '19', category: 'S' } },
      customers: { acme: { name: 'Acme', locale: 'fr-FR' }, bolt: { name: 'Bolt', locale: 'de-DE', cycle: 'monthly' } } } satisfies Spec;
    const made = await project(spec, [booking('A', 'acme'), booking('B', 'bolt')]);
    await made.run('2026-02-20');
    await made.configure({ ...spec, taxes: { standard: { name: { de: 'Steuer', en: 'Tax' }, rate: '21', category: 'S' } } });
    await made.book([booking('A', 'acme', '2026-01-10', '80.00'), booking('B', 'bolt', '2026-01-10', '70.00')]);
    await made.run('2026-03-20');
    // What is taken back has the rate and the name it had.
    expect((await made.told(TEXTS)).slice(2)).toEqual([
      'Acme | 2026-03-01 | standard | 1900 | TVA | -', 'Acme | 2026-03-01 | standard | 2100 | Tax | -',
      'Bolt | 2026-03-01 | standard | 1900 | USt | -', 'Bolt | 2026-03-01 | standard | 2100 | Steuer | -',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('leave the digest of a preview alone where a text is the same as before, and change it where it is another', async () => {
    const made = await project({ taxes: { standard: { name: 'VAT', rate: '19', category: 'S' } } }, [booking('A', 'acme')]);
    const digest = async (name: unknown): Promise<string> => {
      await made.configure({ taxes: { standard: { name, rate: '19', category: 'S' } } });
      return (await made.preview('2026-02-01T01:00')).batches[0]!.digest;
    };
    const plain = await digest('VAT');
    expect(await digest({ en: 'VAT', de: 'USt' })).toBe(plain);
    expect(await digest({ en: 'V.A.T.', de: 'USt' })).not.toBe(plain);
  });
});
