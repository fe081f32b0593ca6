import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelsOf, fill } from '../../src/documents/labels.js';
import { formatDate, formatMoney, formatNumber, formatPercent, formatPeriod, formatService, localeFormat } from '../../src/documents/locale.js';
import { LOCALES } from '../../src/values/locales.js';

const money = (locale: string, amount: string, currency = 'EUR', exponent = 2): string => formatMoney(localeFormat(locale), amount, currency, exponent).replaceAll('\u00a0', '_');

describe('money', () => {
  it.each([
    ['en-GB', '€1,234,567.80', '-€1,234.50', '£0.05', 'JPY_1,234'], ['en-US', '€1,234,567.80', '-€1,234.50', '£0.05', 'JPY_1,234'],
    ['en-IE', '€1,234,567.80', '-€1,234.50', '£0.05', 'JPY_1,234'], ['de-DE', '1.234.567,80_€', '-1.234,50_€', '0,05_£', '1.234_JPY'],
    ['de-AT', '€_1.234.567,80', '-€_1.234,50', '£_0,05', 'JPY_1.234'], ['de-CH', '€_1’234’567.80', '€_-1’234.50', '£_0.05', 'JPY_1’234'],
    ['fr-FR', '1_234_567,80_€', '-1_234,50_€', '0,05_£', '1_234_JPY'], ['es-ES', '1.234.567,80_€', '-1.234,50_€', '0,05_£', '1.234_JPY'],
    ['it-IT', '1.234.567,80_€', '-1.234,50_€', '0,05_£', '1.234_JPY'], ['nl-NL', '€_1.234.567,80', '€_-1.234,50', '£_0,05', 'JPY_1.234'],
  ])('%s', (locale, large, negative, small, yen) => {
    expect(money(locale, '1234567.80')).toBe(large);
    expect(money(locale, '-1234.50')).toBe(negative);
    expect(money(locale, '0.05', 'GBP')).toBe(small);
    expect(money(locale, '1234', 'JPY', 0)).toBe(yen);
  });

  it('has a dollar sign only where there is one dollar', () => {
    expect([money('en-US', '-5.00', 'USD'), money('en-GB', '-5.00', 'USD'), money('de-DE', '5', 'USD')]).toEqual(['-$5.00', 'USD_-5.00', '5,00_USD']);
  });

  it('keeps more decimals of a unit price, and three of a dinar', () => {
    expect([money('en-GB', '0.0825'), money('en-GB', '95'), money('en-GB', '95.100000'), money('en-GB', '12.3', 'KWD', 3)]).toEqual(['€0.0825', '€95.00', '€95.10', 'KWD_12.300']);
  });

  it('has no negative nothing and no leading zeros', () => {
    expect([money('en-GB', '-0.00'), money('en-GB', '007.00')]).toEqual(['€0.00', '€7.00']);
  });

  it.each(['', '1e3', '1,5', 'NaN', '+1', '1.', ' 1'])('refuses %j: that is no decimal', (text) => {
    expect(() => money('en-GB', text)).toThrowError('not a decimal');
  });

  it('can be read back in every locale', () => {
    fc.assert(fc.property(fc.constantFrom(...LOCALES), fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (locale, minor) => {
      const sign = minor < 0n ? '-' : '';
      const digits = (minor < 0n ? -minor : minor).toString().padStart(3, '0');
      const decimal = `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
      const f = localeFormat(locale);
      const shown = formatMoney(f, decimal, 'EUR', 2);
      const back = shown.replace('€', '').replaceAll('\u00a0', '').replaceAll(f.group, '').replace(f.decimal, '.').replace(/^(.*)-/, '-$1');
      expect(back).toBe(decimal);
    }));
  });
});

describe('numbers', () => {
  it('lose needless zeros', () => {
    const f = localeFormat('de-DE');
    expect([formatNumber(f, '2.500000'), formatNumber(f, '2'), formatNumber(f, '-1234.5'), formatPercent(f, '19'), formatPercent(f, '7.70')])
      .toEqual(['2,5', '2', '-1.234,5', '19\u00a0%', '7,7\u00a0%']);
    expect(formatPercent(localeFormat('de-CH'), '8.1')).toBe('8.1%');
  });
});

describe('dates', () => {
  it.each([
    ['en-GB', '4 May 2026', '1 – 30 April 2026', '1 April – 31 May 2026', '1 December 2026 – 31 January 2027'],
    ['en-US', 'May 4, 2026', 'April 1 – 30, 2026', 'April 1 – May 31, 2026', 'December 1, 2026 – January 31, 2027'],
    ['de-CH', '04.05.2026', '01.04. – 30.04.2026', '01.04. – 31.05.2026', '01.12.2026 – 31.01.2027'],
    ['fr-FR', '04/05/2026', '01/04/2026 – 30/04/2026', '01/04/2026 – 31/05/2026', '01/12/2026 – 31/01/2027'],
    ['nl-NL', '04-05-2026', '01-04-2026 – 30-04-2026', '01-04-2026 – 31-05-2026', '01-12-2026 – 31-01-2027'],
  ])('%s', (locale, day, month, two, turn) => {
    const f = localeFormat(locale);
    expect(formatDate(f, '2026-05-04')).toBe(day);
    expect(formatPeriod(f, '2026-04-01T00:00:00+02:00', '2026-05-01T00:00:00+02:00')).toBe(month);
    expect(formatPeriod(f, '2026-04-01T00:00:00+02:00', '2026-06-01T00:00:00+02:00')).toBe(two);
    expect(formatPeriod(f, '2026-12-01T00:00:00+01:00', '2027-02-01T00:00:00+01:00')).toBe(turn);
  });

  it('of a period of one day are one', () => {
    expect(formatPeriod(localeFormat('en-GB'), '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00')).toBe('29 March 2026');
  });

  it('of a period that does not begin at midnight tell the time', () => {
    expect(formatPeriod(localeFormat('en-GB'), '2026-01-05T06:00:00+01:00', '2026-01-19T06:00:00+01:00')).toBe('5 January 2026, 06:00 – 19 January 2026, 06:00');
  });

  it('of a service leave the hours out', () => {
    const f = localeFormat('en-GB');
    expect(formatService(f, '2026-04-04T09:00:00+02:00', '2026-04-04T11:00:00+02:00')).toBe('4 Apr 2026');
    expect(formatService(f, '2026-04-04T22:00:00+02:00', '2026-04-05T02:00:00+02:00')).toBe('4 – 5 Apr 2026');
    expect(formatService(f, '2026-04-01T00:00:00+02:00', '2026-05-01T00:00:00+02:00')).toBe('1 – 30 Apr 2026');
    expect([formatService(f, null, null), formatService(f, '2026-04-04T09:00:00Z', null), formatService(f, null, '2026-04-04T00:00:00Z')]).toEqual(['', '4 Apr 2026', '4 Apr 2026']);
    expect(formatService(f, '2026-04-04T09:00:00Z', '2026-04-03T09:00:00Z')).toBe('4 Apr 2026');
  });
});

describe('words', () => {
  it('are there in every locale, none empty, the places to fill the same as in English', () => {
    const english = labelsOf(localeFormat('en-GB'));
    const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([p]) => p).sort();
    for (const locale of LOCALES) {
      const labels = labelsOf(localeFormat(locale));
      expect(Object.keys(labels).sort()).toEqual(Object.keys(english).sort());
      for (const [key, text] of Object.entries(labels)) {
        expect(text.trim(), `${locale} ${key}`).not.toBe('');
        expect(places(text), `${locale} ${key}`).toEqual(places(english[key as keyof typeof english]));
      }
    }
  });

  it('fill once and take values as they are', () => {
    expect(fill('{a} and {b}', { a: '{b}', b: '$& $1' })).toBe('{b} and $& $1');
  });

  it('fall back to the language, then to British English', () => {
    expect(['de-LI', 'fr', 'ja-JP'].map((l) => localeFormat(l).locale)).toEqual(['de-DE', 'fr-FR', 'en-GB']);
  });
});
