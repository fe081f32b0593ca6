/**
 * What an e-invoice may say that it is (BT-24, BT-23): EN 16931 alone, or one of its stricter forms where everything they ask for is
 * there. Sources: Peppol BIS Billing 3.0 with its national rules, XRechnung 3.0 (rules BR-DE-*).
 */
import { cleanOr } from './clean.js';
import type { Address, ElectronicAddress } from '../config/types.js';
import type { InvoiceRecord } from './types.js';

/** `profile` is the business process (BT-23); EN 16931 alone has none. */
export interface Claim {
  readonly customization: string;
  readonly profile: string | null;
}

const EN16931 = 'urn:cen.eu:en16931:2017';
const PEPPOL = `${EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0`;
const XRECHNUNG = `${EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0`;
/** That of both: an invoice that is not answered by a document. */
const BILLING = 'urn:fdc:peppol.eu:2017:poacc:billing:01:1.0';
/** Countries whose sellers Peppol asks for more than this writes (national rules of BIS Billing 3). */
const PEPPOL_NATIONAL = new Set(['DK', 'GR', 'IS', 'IT', 'NL', 'NO', 'SE']);

/** What a document says that it is, for one that meets EN 16931. */
export function claimOf(record: InvoiceRecord): Claim {
  if (peppolMisses(record).length === 0) return { customization: PEPPOL, profile: BILLING };
  if (xrechnungMisses(record).length === 0) return { customization: XRECHNUNG, profile: BILLING };
  return { customization: EN16931, profile: null };
}

/** What would make more of a document that says EN 16931 alone, in a sentence; null where its buyer asks for no more. */
export function claimAdvice(record: InvoiceRecord): string | null {
  if (claimOf(record).profile !== null) return null;
  const network = record.seller.electronic_address !== undefined && record.buyer.electronic_address !== undefined;
  if (!network && countryOf(record.buyer.address) !== 'DE') return null;
  const misses = network ? peppolMisses(record) : xrechnungMisses(record);
  return `it says that it is EN 16931; ${network ? 'for Peppol BIS Billing 3' : 'for XRechnung'} it lacks ${misses.join('; ')}`;
}

/** Why a document cannot say that it is Peppol BIS Billing 3; empty where it can. */
export function peppolMisses(record: InvoiceRecord): string[] {
  const { seller, buyer } = record;
  const misses: string[] = [];
  if (seller.electronic_address === undefined || buyer.electronic_address === undefined) {
    misses.push('electronic addresses of seller and buyer (BT-34, BT-49)');
  }
  if (referenceOf(record) === '') misses.push('a purchase order or buyer reference (BT-10, BT-13)');
  if (PEPPOL_NATIONAL.has(countryOf(seller.address))) misses.push(`national rules of ${seller.address.country}`);
  if (countryOf(seller.address) === 'DE' && countryOf(buyer.address) === 'DE') misses.push(...germanMisses(record));
  return misses;
}

/** Why a document cannot say that it is an XRechnung, which German buyers may ask for and public ones do; empty where it can. */
export function xrechnungMisses(record: InvoiceRecord): string[] {
  const { seller, buyer } = record;
  if (countryOf(buyer.address) !== 'DE') return ['a buyer in Germany'];
  const misses = germanMisses(record);
  if (!canBeReached(seller.electronic_address, seller.email) || !canBeReached(buyer.electronic_address, buyer.email[0])) {
    misses.push('electronic addresses of seller and buyer (BT-34, BT-49)');
  }
  return misses;
}

/** What German rules want of both parties (BR-DE-1 to 9 and 15 of XRechnung; DE-R-001 to 009 and 015 of Peppol). */
function germanMisses(record: InvoiceRecord): string[] {
  const { seller, buyer } = record;
  const misses: string[] = [];
  if (!seller.bank) misses.push('a bank account of the seller (BG-16)');
  if (cleanOr(seller.phone) === '' || cleanOr(seller.email) === '') misses.push('phone and e-mail of the seller (BT-42, BT-43)');
  if (!hasTown(seller.address)) misses.push('city and post code of the seller (BT-37, BT-38)');
  if (!hasTown(buyer.address)) misses.push('city and post code of the buyer (BT-52, BT-53)');
  if (referenceOf(record) === '') misses.push('a buyer reference (BT-10)');
  return misses;
}

/** What the buyer knows the document by (BT-10): its own reference, else its order. */
export function referenceOf({ buyer }: Pick<InvoiceRecord, 'buyer'>): string {
  return cleanOr(buyer.buyer_reference) || cleanOr(buyer.purchase_order);
}

/** In a network or by e-mail, which XRechnung takes and Peppol does not. */
function canBeReached(address: ElectronicAddress | undefined, email: string | undefined): boolean {
  return address !== undefined || cleanOr(email) !== '';
}

function hasTown(address: Address | null): boolean {
  return cleanOr(address?.city) !== '' && cleanOr(address?.postal_code) !== '';
}

function countryOf(address: Address | null): string {
  return address?.country.toUpperCase() ?? '';
}
