/**
 * An invoice as UBL 2.1, the syntax of EN 16931 (European e-invoice): an `Invoice` with type 380, or a `CreditNote` with type 381.
 * The elements stand in the order of the OASIS schemas. Sources: EN 16931-1 (terms, rules), CEN/TS 16931-3-2 (binding to UBL).
 */
import { DuebookError, problem } from '../values/diagnostic.js';
import { formatScaled } from '../values/money.js';
import { clean, cleanOr } from './clean.js';
import { claimOf, referenceOf } from './ubl-claims.js';
import { allowanceSum, invoicePeriod, vatId } from './ubl-parts.js';
import { examine } from './ubl-problems.js';
import { unitCode } from './ubl-units.js';
import { exchangeText, invoiceView } from './view.js';
import { escapeXml, Xml, xml } from './xml.js';
import type { Address, ElectronicAddress } from '../config/types.js';
import type { InvoiceRecord } from './types.js';
import type { LineView } from './view-types.js';
import type { UblAllowance, UblFigures, UblLine, UblTax } from './ubl-parts.js';

export { ublProblems } from './ubl-problems.js';

/** VATEX codes for categories that are exempt by their nature, and the words used where the tax has no note. */
const EXEMPT: Readonly<Record<string, { readonly code: string; readonly text: string }>> = {
  AE: { code: 'VATEX-EU-AE', text: 'Reverse charge' },
  K: { code: 'VATEX-EU-IC', text: 'Intra-Community supply' },
  G: { code: 'VATEX-EU-G', text: 'Export outside the EU' },
  O: { code: 'VATEX-EU-O', text: 'Not subject to VAT' },
};

interface Pen {
  readonly record: InvoiceRecord;
  readonly numbers: UblFigures;
  /** "Invoice" or "CreditNote", for element names. */
  readonly kind: Xml;
  readonly credit: boolean;
  readonly currency: string;
  readonly money: (amount: bigint) => string;
}

/**
 * The document as text, UTF-8, ending in a line end; the same record gives the same bytes. Of a cancelled invoice it is the document as
 * it was before. Throws CONFIG_VALUE with everything {@link ublProblems} finds. Amounts that need three decimals give plain UBL that does
 * not claim EN 16931 (BR-DEC).
 */
export function ublXml(invoice: InvoiceRecord): string {
  const record: InvoiceRecord = invoice.status === 'void' ? { ...invoice, status: 'processed' } : invoice;
  const { found, numbers } = examine(record);
  if (found.length > 0 || numbers === null) {
    const which = cleanOr(record.number) || cleanOr(record.invoice_id);
    throw new DuebookError(found.map((text) => problem('CONFIG_VALUE', `no e-invoice can be written for ${which}: ${text}`)));
  }
  const credit = record.kind === 'credit_note';
  const pen: Pen = {
    record, numbers, credit, kind: new Xml(credit ? 'CreditNote' : 'Invoice'), currency: record.currency,
    money: (amount) => formatScaled(amount, numbers.places),
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${documentXml(pen).toString()}\n`;
}

function documentXml(pen: Pen): Xml {
  const { record, numbers, kind, credit, currency } = pen;
  const claim = numbers.en16931 ? claimOf(record) : null;
  const order = cleanOr(record.buyer.purchase_order);
  const reference = referenceOf(record);
  const period = invoicePeriod(record, numbers.lines);
  const view = invoiceView(record);
  const viewOf = new Map(record.lines.map((line, i) => [line, view.lines[i]!]));
  // A note of a taxed category is no exemption reason (BR-S-10): it goes to the document. Peppol takes one note at most.
  const own = cleanOr(record.note) === '' ? [] : [cleanOr(record.note)];
  const note = [...new Set([...own, ...numbers.taxes.filter((tax) => !isExempt(tax)).flatMap((tax) => tax.notes)])].join(' · ');
  const root = `${kind.toString()}-2`;
  return xml`
<${kind} xmlns="urn:oasis:names:specification:ubl:schema:xsd:${root}"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  ${claim !== null && xml`<cbc:CustomizationID>${claim.customization}</cbc:CustomizationID>`}
  ${claim?.profile != null && xml`<cbc:ProfileID>${claim.profile}</cbc:ProfileID>`}
  <cbc:ID>${clean(record.number!)}</cbc:ID>
  <cbc:IssueDate>${record.issued_on}</cbc:IssueDate>
  ${!credit && xml`<cbc:DueDate>${record.due_on}</cbc:DueDate>`}
  <cbc:${kind}TypeCode>${credit ? '381' : '380'}</cbc:${kind}TypeCode>
  ${note !== '' && xml`<cbc:Note>${note}</cbc:Note>`}
  <cbc:DocumentCurrencyCode>${currency}</cbc:DocumentCurrencyCode>
  ${numbers.accounted !== null && xml`<cbc:TaxCurrencyCode>${numbers.accounted.currency}</cbc:TaxCurrencyCode>`}
  ${reference !== '' && xml`<cbc:BuyerReference>${reference}</cbc:BuyerReference>`}
  <cac:InvoicePeriod>
    <cbc:StartDate>${period.first}</cbc:StartDate>
    <cbc:EndDate>${period.last}</cbc:EndDate>
  </cac:InvoicePeriod>
  ${order !== '' && xml`
<cac:OrderReference>
  <cbc:ID>${order}</cbc:ID>
</cac:OrderReference>`}
  ${record.corrects.map(({ number, issued_on }) => xml`
<cac:BillingReference>
  <cac:InvoiceDocumentReference>
    <cbc:ID>${clean(number)}</cbc:ID>
    <cbc:IssueDate>${issued_on}</cbc:IssueDate>
  </cac:InvoiceDocumentReference>
</cac:BillingReference>`)}
  ${sellerXml(pen)}
  ${buyerXml(pen)}
  ${deliveryXml(pen)}
  ${paymentXml(pen)}
  ${view.payment.sentence !== '' && xml`
<cac:PaymentTerms>
  <cbc:Note>${termsXml(pen, [view.payment.sentence, view.payment.early].filter((text) => text !== '').join(' '))}</cbc:Note>
</cac:PaymentTerms>`}
  ${numbers.allowances.map((each) => allowanceXml(pen, each))}
  ${taxXml(pen)}
  ${totalsXml(pen)}
  ${numbers.lines.map((line) => lineXml(pen, line, viewOf.get(line.line)!))}
</${kind}>`;
}

function sellerXml({ record: { seller, partner }, numbers }: Pen): Xml {
  const vat = vatId(seller.tax_id, seller.address.country);
  const outside = numbers.taxes.some((tax) => tax.category === 'O');
  const [tax, registration] = [cleanOr(seller.tax_id), cleanOr(seller.registration)];
  const brand = cleanOr(partner?.name);
  const known = registration !== '' || (vat !== null && !outside);
  return xml`
<cac:AccountingSupplierParty>
  <cac:Party>
    ${endpointXml(seller.electronic_address, seller.email)}
    ${!known && xml`
<cac:PartyIdentification>
  <cbc:ID>${clean(seller.id)}</cbc:ID>
</cac:PartyIdentification>`}
    ${brand !== '' && xml`
<cac:PartyName>
  <cbc:Name>${brand}</cbc:Name>
</cac:PartyName>`}
    ${addressXml(seller.address)}
    ${tax !== '' && (vat !== null && !outside ? taxSchemeXml(vat, 'VAT') : taxSchemeXml(tax, 'TAX'))}
    <cac:PartyLegalEntity>
      <cbc:RegistrationName>${clean(seller.name)}</cbc:RegistrationName>
      ${registration !== '' && xml`<cbc:CompanyID>${registration}</cbc:CompanyID>`}
    </cac:PartyLegalEntity>
    ${contactXml(clean(seller.name), cleanOr(seller.phone), cleanOr(seller.email))}
  </cac:Party>
</cac:AccountingSupplierParty>`;
}

function buyerXml({ record: { buyer }, numbers }: Pen): Xml {
  const vat = vatId(buyer.tax_id, buyer.address?.country);
  const outside = numbers.taxes.some((tax) => tax.category === 'O');
  return xml`
<cac:AccountingCustomerParty>
  <cac:Party>
    ${endpointXml(buyer.electronic_address, buyer.email[0])}
    <cac:PartyIdentification>
      <cbc:ID>${clean(buyer.customer_id)}</cbc:ID>
    </cac:PartyIdentification>
    ${addressXml(buyer.address!)}
    ${vat !== null && !outside && taxSchemeXml(vat, 'VAT')}
    <cac:PartyLegalEntity>
      <cbc:RegistrationName>${clean(buyer.name)}</cbc:RegistrationName>
    </cac:PartyLegalEntity>
    ${contactXml(cleanOr(buyer.contact), '', cleanOr(buyer.email[0]))}
  </cac:Party>
</cac:AccountingCustomerParty>`;
}

/** The address in a network, else the e-mail address (EAS code EM). */
function endpointXml(address: ElectronicAddress | undefined, email: string | undefined): Xml | null {
  const { scheme, id } = address === undefined ? { scheme: 'EM', id: cleanOr(email) } : { ...address, id: clean(address.id) };
  return id === '' ? null : xml`<cbc:EndpointID schemeID="${scheme}">${id}</cbc:EndpointID>`;
}

function addressXml(address: Address, element = 'PostalAddress'): Xml {
  const name = new Xml(`cac:${element}`);
  const part = (name: string, value: string | undefined): Xml | null => {
    const tag = new Xml(`cbc:${name}`);
    return cleanOr(value) === '' ? null : xml`<${tag}>${cleanOr(value)}</${tag}>`;
  };
  return xml`
<${name}>
  ${part('StreetName', address.line1)}
  ${part('AdditionalStreetName', address.line2)}
  ${part('CityName', address.city)}
  ${part('PostalZone', address.postal_code)}
  ${part('CountrySubentity', address.region)}
  <cac:Country>
    <cbc:IdentificationCode>${address.country.toUpperCase()}</cbc:IdentificationCode>
  </cac:Country>
</${name}>`;
}

function taxSchemeXml(id: string, scheme: string): Xml {
  return xml`
<cac:PartyTaxScheme>
  <cbc:CompanyID>${id}</cbc:CompanyID>
  <cac:TaxScheme>
    <cbc:ID>${scheme}</cbc:ID>
  </cac:TaxScheme>
</cac:PartyTaxScheme>`;
}

function contactXml(name: string, phone: string, email: string): Xml | null {
  if (phone === '' && email === '' && name === '') return null;
  return xml`
<cac:Contact>
  ${name !== '' && xml`<cbc:Name>${name}</cbc:Name>`}
  ${phone !== '' && xml`<cbc:Telephone>${phone}</cbc:Telephone>`}
  ${email !== '' && xml`<cbc:ElectronicMail>${email}</cbc:ElectronicMail>`}
</cac:Contact>`;
}

/** Where an intra-Community supply goes to (BR-IC-12; the town for BR-DE-10 and 11); the record knows no other place than the buyer's. */
function deliveryXml({ record, numbers }: Pen): Xml | null {
  if (!numbers.taxes.some((tax) => tax.category === 'K')) return null;
  return xml`
<cac:Delivery>
  <cac:DeliveryLocation>
    ${addressXml(record.buyer.address!, 'Address')}
  </cac:DeliveryLocation>
</cac:Delivery>`;
}

/** Credit transfer to the seller's account: 58 is SEPA (euro), 30 any other, 1 none where nothing is to be paid (UNTDID 4461). */
function paymentXml({ record, numbers, credit }: Pen): Xml | null {
  const bank = record.seller.bank;
  if (bank === undefined) return null;
  if (credit || numbers.total <= 0n) {
    return xml`
<cac:PaymentMeans>
  <cbc:PaymentMeansCode>1</cbc:PaymentMeansCode>
</cac:PaymentMeans>`;
  }
  const bic = cleanOr(bank.bic);
  return xml`
<cac:PaymentMeans>
  <cbc:PaymentMeansCode>${record.currency === 'EUR' ? '58' : '30'}</cbc:PaymentMeansCode>
  <cbc:PaymentID>${clean(record.number!)}</cbc:PaymentID>
  <cac:PayeeFinancialAccount>
    <cbc:ID>${clean(bank.iban).replace(/\s+/g, '')}</cbc:ID>
    <cbc:Name>${clean(record.seller.name)}</cbc:Name>
    ${bic !== '' && xml`
<cac:FinancialInstitutionBranch>
  <cbc:ID>${bic}</cbc:ID>
</cac:FinancialInstitutionBranch>`}
  </cac:PayeeFinancialAccount>
</cac:PaymentMeans>`;
}

function isExempt(tax: UblTax): boolean {
  return tax.category === 'E' || tax.category in EXEMPT;
}

function taxXml({ numbers, currency, money }: Pen): Xml {
  return xml`
<cac:TaxTotal>
  <cbc:TaxAmount currencyID="${currency}">${money(numbers.tax)}</cbc:TaxAmount>
  ${numbers.taxes.map((tax) => xml`
<cac:TaxSubtotal>
  <cbc:TaxableAmount currencyID="${currency}">${money(tax.net)}</cbc:TaxableAmount>
  <cbc:TaxAmount currencyID="${currency}">${money(tax.tax)}</cbc:TaxAmount>
  <cac:TaxCategory>
    <cbc:ID>${tax.category}</cbc:ID>
    <cbc:Percent>${tax.rate}</cbc:Percent>
    ${tax.category in EXEMPT && xml`<cbc:TaxExemptionReasonCode>${EXEMPT[tax.category]!.code}</cbc:TaxExemptionReasonCode>`}
    ${isExempt(tax) && xml`<cbc:TaxExemptionReason>${tax.notes.join(' · ') || EXEMPT[tax.category]!.text}</cbc:TaxExemptionReason>`}
    <cac:TaxScheme>
      <cbc:ID>VAT</cbc:ID>
    </cac:TaxScheme>
  </cac:TaxCategory>
</cac:TaxSubtotal>`)}
</cac:TaxTotal>
${numbers.accounted !== null && xml`
<cac:TaxTotal>
  <cbc:TaxAmount currencyID="${numbers.accounted.currency}">${numbers.accounted.tax}</cbc:TaxAmount>
</cac:TaxTotal>`}`;
}

/**
 * The terms of payment (BT-20). Germany has early payment read by machines: a line `#SKONTO#TAGE=n#PROZENT=n.nn#`, closed by a line end
 * (XRechnung, BR-DE-18; Peppol, DE-R-018). Percents of more decimals cannot be told so. The line ends stand as character references,
 * because a line of markup is indented.
 */
function termsXml({ record, credit }: Pen, words: string): Xml {
  const early = record.early_payment;
  const percent = early === null ? null : /^(\d+)(?:\.(\d{1,2}))?$/.exec(early.percent);
  const german = record.seller.address.country.toUpperCase() === 'DE' && !credit;
  if (early === null || percent === null || !german) return new Xml(escapeXml(words));
  const [, whole, part = ''] = percent;
  return new Xml(`${escapeXml(words)}&#10;#SKONTO#TAGE=${early.within_days}#PROZENT=${whole!}.${part.padEnd(2, '0')}#&#10;`);
}

/** A discount of the document (BG-20) with its reason (BT-97; code 95 of UNTDID 5189 is a discount) and its VAT category (BT-95). */
function allowanceXml({ record, currency, money }: Pen, { line, charge, amount, category, rate }: UblAllowance): Xml {
  const reason = [clean(line.description) || 'Discount', exchangeText(record, line)].filter((part) => part !== '').join(' · ');
  return xml`
<cac:AllowanceCharge>
  <cbc:ChargeIndicator>${charge ? 'true' : 'false'}</cbc:ChargeIndicator>
  ${!charge && xml`<cbc:AllowanceChargeReasonCode>95</cbc:AllowanceChargeReasonCode>`}
  <cbc:AllowanceChargeReason>${reason}</cbc:AllowanceChargeReason>
  <cbc:Amount currencyID="${currency}">${money(amount)}</cbc:Amount>
  <cac:TaxCategory>
    <cbc:ID>${category}</cbc:ID>
    ${category !== 'O' && xml`<cbc:Percent>${rate}</cbc:Percent>`}
    <cac:TaxScheme>
      <cbc:ID>VAT</cbc:ID>
    </cac:TaxScheme>
  </cac:TaxCategory>
</cac:AllowanceCharge>`;
}

function totalsXml({ numbers, currency, money }: Pen): Xml {
  const [allowances, charges] = [allowanceSum(numbers, false), allowanceSum(numbers, true)];
  return xml`
<cac:LegalMonetaryTotal>
  <cbc:LineExtensionAmount currencyID="${currency}">${money(numbers.gross_lines)}</cbc:LineExtensionAmount>
  <cbc:TaxExclusiveAmount currencyID="${currency}">${money(numbers.net)}</cbc:TaxExclusiveAmount>
  <cbc:TaxInclusiveAmount currencyID="${currency}">${money(numbers.total)}</cbc:TaxInclusiveAmount>
  ${allowances !== 0n && xml`<cbc:AllowanceTotalAmount currencyID="${currency}">${money(allowances)}</cbc:AllowanceTotalAmount>`}
  ${charges !== 0n && xml`<cbc:ChargeTotalAmount currencyID="${currency}">${money(charges)}</cbc:ChargeTotalAmount>`}
  <cbc:PayableAmount currencyID="${currency}">${money(numbers.total)}</cbc:PayableAmount>
</cac:LegalMonetaryTotal>`;
}

function lineXml({ record, kind, credit, currency, money }: Pen, each: UblLine, { late, description }: LineView): Xml {
  const { line, days } = each;
  const counted = new Xml(credit ? 'CreditedQuantity' : 'InvoicedQuantity');
  const unit = unitCode(line.unit);
  const product = cleanOr(line.product);
  const booking = cleanOr(line.booking_id);
  const note = [late, exchangeText(record, line)].filter((part) => part !== '').join(' · ');
  return xml`
<cac:${kind}Line>
  <cbc:ID>${String(line.line_no)}</cbc:ID>
  ${note !== '' && xml`<cbc:Note>${note}</cbc:Note>`}
  <cbc:${counted} unitCode="${unit}">${each.quantity}</cbc:${counted}>
  <cbc:LineExtensionAmount currencyID="${currency}">${money(each.amount)}</cbc:LineExtensionAmount>
  ${days.first !== null && xml`
<cac:InvoicePeriod>
  <cbc:StartDate>${days.first}</cbc:StartDate>
  <cbc:EndDate>${days.last}</cbc:EndDate>
</cac:InvoicePeriod>`}
  ${booking !== '' && xml`
<cac:DocumentReference>
  <cbc:ID>${booking}</cbc:ID>
  <cbc:DocumentTypeCode>130</cbc:DocumentTypeCode>
</cac:DocumentReference>`}
  <cac:Item>
    <cbc:Name>${description || product || clean(line.kind)}</cbc:Name>
    ${product !== '' && xml`
<cac:SellersItemIdentification>
  <cbc:ID>${product}</cbc:ID>
</cac:SellersItemIdentification>`}
    <cac:ClassifiedTaxCategory>
      <cbc:ID>${each.category}</cbc:ID>
      ${each.category !== 'O' && xml`<cbc:Percent>${each.rate}</cbc:Percent>`}
      <cac:TaxScheme>
        <cbc:ID>VAT</cbc:ID>
      </cac:TaxScheme>
    </cac:ClassifiedTaxCategory>
  </cac:Item>
  <cac:Price>
    <cbc:PriceAmount currencyID="${currency}">${each.price}</cbc:PriceAmount>
    ${each.base !== null && xml`<cbc:BaseQuantity unitCode="${unit}">${each.base}</cbc:BaseQuantity>`}
  </cac:Price>
</cac:${kind}Line>`;
}
