/** From the configuration to the e-invoice: what the buyer asks for, as it stood when the invoice was confirmed. */
import { describe, expect, it } from 'vitest';
import { show } from '../../src/run/show.js';
import { project } from '../support/project.js';
import type { Spec } from '../support/project.js';
import { reading } from '../support/ubl.js';

const town = (line1: string): Spec => ({ line1, city: 'Kiel', postal_code: '24103', country: 'DE' });
const issuer = {
  address: town('Kai 1'), tax_id: 'DE811907980', email: 'billing@northwind.example', phone: '+49 431 5550100', bank: { iban: 'DE89370400440532013000' },
};
const stadt = { name: 'Stadtwerke', address: town('Markt 1'), buyer_reference: '04011000-12345-34', purchase_order: 'PO-7' };
const address = { seller: { scheme: '9930', id: 'DE811907980' }, buyer: { scheme: '0204', id: '04011000-12345-34' } };

describe('what an e-invoice says that it is', () => {
  it('follows from the configuration of the day it was confirmed', async () => {
    const made = await project({ issuer, customers: { acme: stadt } }, [
      { id: 'A', customer: 'acme', product: 'visit', start: '2026-01-10' }, { id: 'B', customer: 'acme', product: 'visit', start: '2026-02-10' }]);
    await made.run('2026-02-20');
    await made.configure({ issuer: { ...issuer, electronic_address: address.seller }, customers: { acme: { ...stadt, electronic_address: address.buyer } } });
    await made.run('2026-03-20');
    const terms = async (id: string): Promise<string[]> => {
      const { bytes } = await show(made.world, { as_of: '2026-03-21', id, format: 'xml' });
      return reading(bytes!.toString(), ({ all, one }) => (
        [/(xrechnung|peppol.eu:2017:poacc)/.exec(one('/*/cbc:CustomizationID'))?.[0] ?? '', one('/*/cbc:BuyerReference'), one('/*/cac:OrderReference/cbc:ID'),
          ...all('//cbc:EndpointID/@schemeID'), ...all('//cbc:EndpointID')]));
    };
    expect(await terms('INV-2026-000001')).toEqual(
      ['xrechnung', '04011000-12345-34', 'PO-7', 'EM', 'EM', 'billing@northwind.example', 'ap@acme.example']);
    expect(await terms('INV-2026-000002')).toEqual(
      ['peppol.eu:2017:poacc', '04011000-12345-34', 'PO-7', '9930', '0204', 'DE811907980', '04011000-12345-34']);
    expect(await made.flaws()).toEqual([]);
  });

  it('belongs to what is confirmed: another reference is another digest', async () => {
    const digestOf = async (more: Spec): Promise<string> => {
      await made.configure({ issuer, customers: { acme: { ...stadt, ...more } } });
      return (await made.preview('2026-02-01T01:00')).batches[0]!.digest;
    };
    const made = await project({ issuer, customers: { acme: stadt } }, [{ id: 'A', customer: 'acme', product: 'visit', start: '2026-01-10' }]);
    const digests = [await digestOf({}), await digestOf({}), await digestOf({ buyer_reference: 'X' }), await digestOf({ electronic_address: address.buyer })];
    expect(new Set(digests).size).toBe(3);
    expect(digests[0]).toBe(digests[1]);
  });
});
