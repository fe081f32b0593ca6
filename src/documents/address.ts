/** Postal addresses as lines, in the order of the country the letter goes to (Universal Postal Union, country sheets). */
import { cleanOr } from './clean.js';
import type { Address } from '../config/types.js';

/** English names, in capitals as the UPU asks for the last line of a letter abroad; a country not listed shows its code. */
const COUNTRIES: Readonly<Record<string, string>> = {
  AE: 'UNITED ARAB EMIRATES', AT: 'AUSTRIA', AU: 'AUSTRALIA', BE: 'BELGIUM', BG: 'BULGARIA', BR: 'BRAZIL', CA: 'CANADA', CH: 'SWITZERLAND',
  CN: 'CHINA', CY: 'CYPRUS', CZ: 'CZECHIA', DE: 'GERMANY', DK: 'DENMARK', EE: 'ESTONIA', ES: 'SPAIN', FI: 'FINLAND', FR: 'FRANCE',
  GB: 'UNITED KINGDOM', GR: 'GREECE', HK: 'HONG KONG', HR: 'CROATIA', HU: 'HUNGARY', IE: 'IRELAND', IN: 'INDIA', IS: 'ICELAND', IT: 'ITALY',
  JP: 'JAPAN', KW: 'KUWAIT', LI: 'LIECHTENSTEIN', LT: 'LITHUANIA', LU: 'LUXEMBOURG', LV: 'LATVIA', MC: 'MONACO', MT: 'MALTA', MX: 'MEXICO',
  NL: 'NETHERLANDS', NO: 'NORWAY', NZ: 'NEW ZEALAND', PL: 'POLAND', PT: 'PORTUGAL', RO: 'ROMANIA', SE: 'SWEDEN', SG: 'SINGAPORE',
  SI: 'SLOVENIA', SK: 'SLOVAKIA', TR: 'TURKIYE', UA: 'UKRAINE', US: 'UNITED STATES', ZA: 'SOUTH AFRICA',
};

/** Countries that write the place before the code. */
const PLACE_FIRST = new Set(['AU', 'CA', 'IN', 'NZ', 'US']);
/** Countries that give the code a line of its own. */
const CODE_LAST = new Set(['GB', 'IE']);

/** The lines of an address below the name. The country is the last line, unless the other party is in the same, or nobody knows where. */
export function addressLines(address: Address | null, other: Address | null): string[] {
  if (address === null) return [];
  const lines = [cleanOr(address.line1), cleanOr(address.line2), ...placeLines(address)];
  const country = address.country.toUpperCase();
  if (other !== null && country !== other.country.toUpperCase()) lines.push(COUNTRIES[country] ?? cleanOr(country));
  return lines.filter((line) => line !== '');
}

function placeLines(address: Address): string[] {
  const [code, city, region] = [cleanOr(address.postal_code), cleanOr(address.city), cleanOr(address.region)];
  const country = address.country.toUpperCase();
  const join = (parts: string[], by: string): string => parts.filter((p) => p !== '').join(by);
  if (PLACE_FIRST.has(country)) return [join([join([city, region], ', '), code], ' ')];
  if (CODE_LAST.has(country)) return [city, region, code];
  return [join([code, city], ' '), region];
}
