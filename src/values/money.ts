/**
 * Money and decimals as integers. Amounts are `bigint` in minor units of a currency (cents); prices, quantities and rates
 * are `bigint` in millionths ("micro"). Nothing here, nor above it, puts an amount into a `number`.
 */

/** How many decimals a currency has where it is not two (ISO 4217, list one, 2024-06). */
const EXPONENTS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
};

/** Active ISO 4217 codes that an invoice can be in (funds codes, metals and test codes left out). */
const CODES_2 = 'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP '
  + 'CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT '
  + 'LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON '
  + 'RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES '
  + 'WST XCD YER ZAR ZMW ZWG';
const KNOWN: ReadonlySet<string> = new Set([...CODES_2.split(' '), ...Object.keys(EXPONENTS)]);

/** Whether `currency` is an active ISO 4217 code. */
export function isCurrency(currency: string): boolean {
  return KNOWN.has(currency);
}

/** Decimals of a currency: 0, 2 or 3. */
export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/** Millionths in the smallest unit of a currency with so many decimals: what an amount is multiplied with to be compared with prices. */
export function microPerMinor(exponent: number): bigint {
  return 10n ** BigInt(6 - exponent);
}

/** All known currencies with their exponents, sorted by code; the SQL side joins them. */
export function currencies(): { currency: string; exponent: number }[] {
  return [...KNOWN].sort().map((currency) => ({ currency, exponent: exponentOf(currency) }));
}

/**
 * Reads a plain decimal ("-12.50"; no exponent, no grouping) with at most `places` decimals as an integer scaled by 10^places;
 * null if it is not one.
 */
export function parseDecimal(text: string, places = 6): bigint | null {
  const match = /^([+-]?)(\d{1,30})(?:\.(\d+))?$/.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? '';
  if (fraction.length > places) return null;
  const scaled = BigInt(match[2]! + fraction.padEnd(places, '0'));
  return match[1] === '-' ? -scaled : scaled;
}

/** Decimals that an exchange rate may have: one of a small unit (0.0000558 from IDR to EUR) needs more than a price. */
export const RATE_PLACES = 10;

/** Writes a scaled integer with exactly `places` decimals: (24900n, 2) gives "249.00". */
export function formatScaled(value: bigint, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const text = places === 0 ? whole : `${whole}.${digits.slice(digits.length - places)}`;
  return value < 0n ? `-${text}` : text;
}

/** Writes millionths without trailing zeros: 95000000n gives "95", 2500000n gives "2.5". */
export function formatMicro(value: bigint): string {
  return formatScaled(value, 6).replace(/\.?0+$/, '');
}

/** Writes minor units as a decimal string with the currency's decimals: (24900n, "EUR") gives "249.00". */
export function formatMinor(value: bigint, currency: string): string {
  return formatScaled(value, exponentOf(currency));
}
