/** What the simulator says of converted lines: that it would notice. */
import { expect, it } from 'vitest';
import { Exchange, flawOfConversion } from './exchange.js';
import type { Converted, Terms } from './exchange.js';

const rate = (on: string, text: string): Terms['rates'][number] => ({ from: 'EUR', to: 'USD', rate: text, on, source: 'ECB' });
const TERMS: Terms = { rates: [rate('2026-01-01', '1.1'), rate('2026-01-15', '1.05')], moneyOf: (customer) => (customer === 'c0' ? 'USD' : null) };
const LINE: Converted = {
  kind: 'booking', correction: null, currency: 'USD', customer: 'c0', amount: 1051n, original: 'EUR', own: 1001n, rate: '1.05', on: '2026-01-15', source: 'ECB', service_end: Date.UTC(2026, 0, 20),
};
const told = (more: Partial<Converted>, terms: Terms | null = TERMS): string | null => flawOfConversion({ ...LINE, ...more }, terms);

it('a line is as its rate says, or it is told what is not', () => {
  expect(told({})).toBe(null);
  expect(told({ amount: 1052n })).toBe('is 1052, and 1001 at 1.05 are 1051');
  expect(told({ rate: '1.06' })).toBe('has the rate 1.06 of 2026-01-15, which nobody has declared');
  expect(told({ source: 'Bank' })).toContain('which nobody has declared');
  expect(told({ rate: '1.1', on: '2026-01-01', amount: 1101n })).toBe('ends on 2026-01-20 and has the rate of 2026-01-01, there is one of 2026-01-15');
  expect(told({ service_end: Date.UTC(2026, 0, 10) })).toBe('ends on 2026-01-10 and has the rate of 2026-01-15');
  expect(told({ service_end: null })).toBe(null);
  expect(told({ original: null, currency: 'EUR' })).toBe('is in EUR, and c0 is billed in USD');
  expect(told({ original: null, currency: 'EUR', customer: 'c1' })).toBe(null);
  expect(told({ customer: 'c1' })).toBe('was converted to USD');
  expect(told({}, null)).toBe('was converted from EUR, and nobody asked for it');
});

it('rates are declared per day, some of them late, and the oldest perhaps last of all', () => {
  const DAY = 86_400_000;
  const start = Date.UTC(2026, 0, 1);
  let late = 0;
  for (let seed = 1; seed <= 50; seed += 1) {
    const exchange = new Exchange(seed, start, 1);
    const [now, later] = [exchange.at(start).rates, exchange.at(start + 200 * DAY).rates];
    for (const to of ['USD', 'CHF', 'JPY']) expect(now.some((each) => each.from === 'EUR' && each.to === to)).toBe(true);
    expect(new Set(later.map(({ from, to, on }) => `${from} ${to} ${on}`)).size).toBe(later.length);
    expect(later.every((each) => /^\d+(\.\d{1,10})?$/.test(each.rate) && Number(each.rate) > 0)).toBe(true);
    expect(now.every((each) => later.includes(each))).toBe(true);
    const oldest = later.filter(({ from, to }) => from === 'EUR' && to === 'USD').sort((a, b) => (a.on < b.on ? -1 : 1))[0]!;
    if (!now.includes(oldest)) late += 1;
    expect(new Exchange(seed, start, 1).at(start).rates).toEqual(now);
  }
  expect(late).toBeGreaterThan(0);
});
