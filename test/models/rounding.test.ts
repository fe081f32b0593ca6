/** Money is rounded once, in SQL, with integers: the macros of the prelude against arithmetic on paper. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { lineAmount, roundedQuotient } from '../support/exact.js';
import { lines } from '../support/table.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open();
  await engine.run(readFileSync(new URL('../../src/models/prelude.duckdb.sql', import.meta.url), 'utf8'));
});
afterAll(async () => { await engine.close(); });

const BIGINT = 2n ** 63n - 1n;
/** Where `line_amount` changes from 64 to 128 bits. */
const NARROW = 3_000_000_000n;

const micro = fc.oneof(
  fc.bigInt(-NARROW, NARROW), fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.bigInt(-2_000_000n, 2_000_000n),
  fc.constantFrom(0n, 1n, -1n, 500_000n, -500_000n, 1_000_000n, NARROW, -NARROW, NARROW + 1n, -NARROW - 1n, NARROW - 1n, 10n ** 15n),
);

describe('line_amount', () => {
  it('agrees with arithmetic on paper, on either path, for any quantity, price and currency', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.record({ quantity: micro, price: micro, exponent: fc.constantFrom(0, 2, 3), even: fc.boolean() }), { minLength: 200, maxLength: 400 }),
      async (cases) => {
        await engine.run('CREATE OR REPLACE TABLE given (n INTEGER, q BIGINT, p BIGINT, d BIGINT, e BOOLEAN)');
        const values = cases.map(({ quantity, price, exponent, even }, n) => `(${n}, ${quantity}, ${price}, ${10n ** BigInt(12 - exponent)}, ${even})`);
        await engine.run(`INSERT INTO given VALUES ${values.join(', ')}`);
        const rows = await engine.rows<{ amount: bigint | null; wide: bigint | null }>(`
          SELECT line_amount(q, p, d, e) AS amount, TRY_CAST(div_round(CAST(q AS HUGEINT) * p, d, e) AS BIGINT) AS wide FROM given ORDER BY n`);
        const expected = cases.map(({ quantity, price, exponent, even }) => {
          const exact = lineAmount(quantity, price, exponent, even ? 'half_even' : 'half_away');
          return exact > BIGINT || exact < -BIGINT - 1n ? null : exact;
        });
        expect(rows.map(({ amount }) => amount)).toEqual(expected);
        expect(rows.map(({ wide }) => wide)).toEqual(expected);
      },
    ), { numRuns: 30 });
  });

  it('rounds ties as declared, on both sides of zero', async () => {
    const rows = await engine.rows(`
      SELECT q, line_amount(CAST(q AS BIGINT), 1000000, 10000000000, FALSE) AS away, line_amount(CAST(q AS BIGINT), 1000000, 10000000000, TRUE) AS even
      FROM (VALUES (5000), (15000), (25000), (24999), (25001), (-5000), (-15000), (-25000), (0)) AS v(q) ORDER BY q`);
    expect(lines(rows)).toEqual([
      '-25000 | -3 | -2', '-15000 | -2 | -2', '-5000 | -1 | 0', '0 | 0 | 0', '5000 | 1 | 0', '15000 | 2 | 2', '24999 | 2 | 2', '25000 | 3 | 2', '25001 | 3 | 3',
    ]);
  });

  it('knows currencies without and with three decimals', async () => {
    const rows = await engine.rows(`
      SELECT line_amount(q, p, d, FALSE) AS amount FROM (VALUES
        (1, CAST(1500000 AS BIGINT), CAST(333000000 AS BIGINT), 1000000000000), (2, 2500000, 4938000, 1000000000), (3, 333333, 95000000, 10000000000)
      ) AS v(n, q, p, d) ORDER BY n`);
    expect(lines(rows)).toEqual(['500', '12345', '3167']);
  });

  it('never passes through a float', async () => {
    const rows = await engine.rows(`
      SELECT typeof(line_amount(q, p, d, e)) AS amount, typeof(div_round(q * p, d, e)) AS rounded, typeof(div_round(CAST(q AS HUGEINT) * p, d, e)) AS wide
      FROM (SELECT CAST(1 AS BIGINT) AS q, CAST(1 AS BIGINT) AS p, CAST(7 AS BIGINT) AS d, FALSE AS e)`);
    expect(lines(rows)).toEqual(['BIGINT | BIGINT | HUGEINT']);
  });
});

describe('div_round', () => {
  it('agrees with arithmetic on paper over 128 bits', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({
      n: fc.bigInt(-(10n ** 30n), 10n ** 30n), d: fc.oneof(fc.bigInt(1n, 1000n), fc.constantFrom(2n, 100_000_000n, 10n ** 12n)), even: fc.boolean(),
    }), { minLength: 100, maxLength: 200 }), async (cases) => {
      const values = cases.map(({ n, d, even }, i) => `(${i}, CAST('${n}' AS HUGEINT), ${d}, ${even})`);
      const rows = await engine.rows<{ r: bigint }>(`SELECT div_round(n, d, e) AS r FROM (VALUES ${values.join(', ')}) AS v(i, n, d, e) ORDER BY i`);
      expect(rows.map(({ r }) => r)).toEqual(cases.map(({ n, d, even }) => roundedQuotient(n, d, even ? 'half_even' : 'half_away')));
    }), { numRuns: 20 });
  });
});

describe('due_date', () => {
  it.each([
    ['2026-01-31', 30, false, '2026-03-02'], ['2026-01-31', 0, true, '2026-01-31'], ['2026-02-01', 10, true, '2026-03-10'],
    ['2028-02-29', 0, true, '2028-02-29'], ['2026-12-31', 1, false, '2027-01-01'],
  ])('%s plus %i (end of month %s) is %s', async (issued, days, end, due) => {
    expect(lines(await engine.rows(`SELECT CAST(due_date(DATE '${issued}', ${days}, ${end}) AS VARCHAR)`))).toEqual([due]);
  });
});

describe('percent_of and times', () => {
  it('agree with arithmetic on paper, on either path', async () => {
    const NEAR = 90_000_000_000n;
    const minor = fc.oneof(fc.bigInt(-(10n ** 15n), 10n ** 15n), fc.bigInt(-100_000n, 100_000n), fc.constantFrom(0n, NEAR, -NEAR, NEAR + 1n, -NEAR - 1n));
    const factor = fc.oneof(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.bigInt(-1000n, 1000n), fc.constantFrom(0n, 10n ** 17n, 10n ** 17n + 1n, -(10n ** 17n)));
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ minor, percent: fc.bigInt(0n, 100_000_000n), even: fc.boolean(), a: factor, b: factor }), { minLength: 100 }), async (cases) => {
      await engine.run('CREATE OR REPLACE TABLE given (n INTEGER, minor BIGINT, percent BIGINT, e BOOLEAN, a HUGEINT, b HUGEINT)');
      await engine.run(`INSERT INTO given VALUES ${cases.map((c, n) => `(${n}, ${c.minor}, ${c.percent}, ${c.even}, ${c.a}, ${c.b})`).join(', ')}`);
      const rows = await engine.rows<{ off: bigint; product: bigint | null }>('SELECT percent_of(minor, percent, e) AS off, times(a, b) AS product FROM given ORDER BY n');
      expect(rows).toEqual(cases.map(({ minor: m, percent, even, a, b }) => {
        const product = a * b;
        return {
          off: roundedQuotient(m * percent, 100_000_000n, even ? 'half_even' : 'half_away'),
          product: product > 10n ** 35n || product < -(10n ** 35n) ? null : product,
        };
      }));
    }), { numRuns: 20 });
  });
});

describe('scaled and div_wide', () => {
  it('agree with arithmetic on paper, on either path', async () => {
    const NEAR = 90_000_000_000n;
    const edge = (at: bigint): fc.Arbitrary<bigint> => fc.constantFrom(at, at + 1n, at - 1n, -at, -at - 1n, 1n - at);
    const amount = fc.oneof(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.bigInt(-100_000n, 100_000n), edge(NEAR), fc.constant(0n));
    const over = fc.oneof(fc.bigInt(0n, 100_000_000n), fc.constantFrom(0n, 1n, 99_999_999n, 100_000_000n, 100_000_001n, 10n ** 12n));
    const under = fc.oneof(fc.bigInt(1n, 1000n), fc.constantFrom(100_000_000n, 119_000_000n, 10n ** 17n, 10n ** 17n + 1n));
    const wide = fc.oneof(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.bigInt(-(10n ** 10n), 10n ** 10n), edge(4n * 10n ** 18n));
    const divisor = fc.oneof(fc.bigInt(1n, 1000n), fc.constantFrom(2n, 100_000_000n, 4n * 10n ** 18n, 4n * 10n ** 18n + 2n));
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ amount, over, under, wide, divisor, even: fc.boolean() }), { minLength: 200 }), async (cases) => {
      await engine.run('CREATE OR REPLACE TABLE given (i INTEGER, m HUGEINT, o HUGEINT, u HUGEINT, n HUGEINT, d HUGEINT, e BOOLEAN)');
      await engine.run(`INSERT INTO given VALUES ${cases.map((c, i) => `(${i}, ${c.amount}, ${c.over}, ${c.under}, ${c.wide}, ${c.divisor}, ${c.even})`).join(', ')}`);
      const rows = await engine.rows(`SELECT scaled(m, o, u, e) AS scaled, div_wide(n, d, e) AS quotient, tax_on(m, o, e) AS tax, net_of(m, o, e) AS net FROM given ORDER BY i`);
      expect(rows).toEqual(cases.map((c) => {
        const mode = c.even ? 'half_even' : 'half_away';
        return {
          scaled: roundedQuotient(c.amount * c.over, c.under, mode), quotient: roundedQuotient(c.wide, c.divisor, mode),
          tax: roundedQuotient(c.amount * c.over, 100_000_000n, mode), net: roundedQuotient(c.amount * 100_000_000n, 100_000_000n + c.over, mode),
        };
      }));
    }), { numRuns: 20 });
  });

  it('are wide whatever they are given', async () => {
    const rows = await engine.rows('SELECT typeof(scaled(n, n, n, FALSE)) AS scaled, typeof(div_wide(n, n, FALSE)) AS quotient FROM (SELECT CAST(1 AS BIGINT) AS n)');
    expect(lines(rows)).toEqual(['HUGEINT | HUGEINT']);
  });
});
