/** Units and parts of recurring charges: what other systems assert, and what holds for all of them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Charge } from '../../src/config/types.js';
import { termsOf, unitsOf } from '../../src/models/charge-parts.js';
import type { Part, Unit } from '../../src/models/charge-parts.js';
import { lineAmount, roundedQuotient } from '../support/exact.js';
import { addDays, dayNumber } from '../../src/values/time.js';

interface Vector {
  readonly source: string;
  /** `cycles`: share billed in advance up to `target`; `days`: of the only part; `unit_days`: of the last unit over at `target`; `change`: cents off and on. */
  readonly what: 'cycles' | 'days' | 'unit_days' | 'change';
  readonly anchor: string;
  readonly span: Charge['span'];
  readonly proration: Charge['proration'];
  readonly from: string;
  readonly until: string | null;
  readonly target: string | null;
  readonly change?: string;
  readonly old?: readonly [price: string, quantity: string];
  readonly new?: readonly [price: string, quantity: string];
  readonly expected: string;
}

const VECTORS = JSON.parse(readFileSync(new URL('vectors/proration.json', import.meta.url), 'utf8')) as Vector[];

/** Reasons are in vectors/README.md. */
const DECLARED = new Set(['killbill TestInvoiceDateUtils.java testProRationAfterLastBillingCycleDate']);

const path = [] as const;
const value = (text: string, from: string | null = null): Charge['prices'][number] => ({ from, value: text, path });

function charge(over: Partial<Charge>): Charge {
  return {
    charge_id: 'fee', name: 'Fee', span: { unit: 'month', count: 1 }, anchor: '2026-01-01', from: '2026-01-01', until: null, timing: 'in_advance',
    proration: 'calendar_days', prices: [value('100')], quantities: [value('1')], uplift: null, product: null, tax: null, path, ...over,
  };
}

function units(of: Charge, until: string): Unit[] {
  const found: Unit[] = [];
  for (const unit of unitsOf(of, '2026-01-01', termsOf(of, 'EUR', [], until))) {
    if (unit.begins > until) break;
    found.push(unit);
  }
  return found;
}

const parts = (of: Charge, until: string): Part[] => units(of, until).flatMap((unit) => unit.parts);

/** The sum of the shares, each with so many decimals, half up. */
function cycles(all: readonly Part[], decimals: number): string {
  const sum = all.reduce((total, { over, under }) => total + roundedQuotient(BigInt(over) * 10n ** BigInt(decimals), BigInt(under), 'half_away'), 0n);
  const text = String(sum).padStart(decimals + 1, '0');
  return `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}

function cents(price: string, quantity: string, over: number, under: number): bigint {
  return roundedQuotient(BigInt(price) * BigInt(quantity) * 100n * BigInt(over), BigInt(under), 'half_away');
}

function answer(vector: Vector): string {
  const { what, anchor, span, proration, from, until, target, expected } = vector;
  const of = charge({ anchor, span, proration, from, until });
  if (what === 'cycles') {
    const decimals = Math.max(9, (expected.split('.')[1] ?? '').length);
    return cycles(parts(of, target ?? '2199-12-31'), decimals);
  }
  if (what === 'days') return String(parts(of, until!)[0]!.over);
  if (what === 'unit_days') return String(units(of, target!).filter(({ ends }) => ends <= target!).at(-1)!.parts[0]!.under);
  const [before, after] = [vector.old!, vector.new!];
  const changing = { ...of, prices: [value(before[0]), value(after[0], vector.change)], quantities: [value(before[1]), value(after[1], vector.change)] };
  const [first, second] = parts(changing, until!);
  const old = cents(...before, 1, 1);
  return `${cents(...before, first!.over, first!.under) - old} ${cents(...after, second!.over, second!.under)}`;
}

const digits = (text: string): string => (text.includes('.') ? text : `${text}.`).padEnd(12, '0');

describe('what other systems assert', () => {
  it('holds but for the declared differences, which are few', () => {
    const wrong = VECTORS.filter((vector) => (vector.what === 'cycles' ? digits(answer(vector)) !== digits(vector.expected) : answer(vector) !== vector.expected));
    expect(wrong.filter(({ source }) => !DECLARED.has(source)).map((vector) => [vector, answer(vector)])).toEqual([]);
    expect(VECTORS.length).toBeGreaterThan(130);
    expect(wrong.length / VECTORS.length).toBeLessThan(0.05);
  });
});

const on = fc.integer({ min: 0, max: 1500 }).map((n) => addDays('2024-01-01', n));
const anyCharge = fc.record({
  span: fc.oneof(fc.constantFrom(1, 7, 14).map((count) => ({ unit: 'day' as const, count })), fc.constantFrom(1, 3, 6, 12).map((count) => ({ unit: 'month' as const, count }))),
  anchor: on, from: on, length: fc.option(fc.integer({ min: 0, max: 900 }), { nil: null }), change: on, requantity: on,
  proration: fc.constantFrom('calendar_days' as const, 'none' as const),
}).map(({ length, change, requantity, ...rest }) => charge({
  ...rest, until: length === null ? null : addDays(rest.from, length), prices: [value('100'), value('110', change)], quantities: [value('1'), value('2', requantity)],
}));

describe('for every charge', () => {
  it('each day in force is in one part, at the price of its day, and the parts of a whole unit make it up', () => {
    fc.assert(fc.property(anyCharge, (of) => {
      const last = of.until ?? addDays(of.from, 800);
      let next = of.from;
      for (const unit of units(of, last)) {
        expect(unit.begins).toBe(next);
        const [sum, under] = [unit.parts.reduce((all, part) => all + part.over, 0), unit.parts[0]!.under];
        for (const part of unit.parts) {
          expect(part.first).toBe(next);
          expect(part.last >= part.first).toBe(true);
          if (of.proration === 'calendar_days') expect(part.over).toBe(dayNumber(part.last) - dayNumber(part.first) + 1);
          next = addDays(part.last, 1);
        }
        expect(unit.ends).toBe(next);
        expect(sum).toBeLessThanOrEqual(under);
        if (unit.parts[0]!.whole) expect([sum, unit.parts.length]).toEqual([under, 1]);
      }
      if (of.until !== null) expect(next).toBe(addDays(of.until, 1));
    }), { numRuns: 500 });
  });

  it('two agreements, one after the other, cost no less than one: nothing is lost between them', () => {
    fc.assert(fc.property(anyCharge, fc.integer({ min: 1, max: 500 }), (of, cut) => {
      const until = addDays(of.from, 700);
      const daily = { ...of, proration: 'calendar_days' as const };
      const share = (list: readonly Part[]): bigint => list.reduce((sum, part) => sum + lineAmount(BigInt(part.over) * 1_000_000n, 1_000_000n, 2, 'half_away'), 0n);
      const whole = parts({ ...daily, until }, until);
      const [first, second] = [parts({ ...daily, until: addDays(of.from, cut - 1) }, until), parts({ ...daily, from: addDays(of.from, cut), until }, until)];
      expect(share([...first, ...second])).toBe(share(whole));
    }), { numRuns: 300 });
  });
});
