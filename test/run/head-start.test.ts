/** With a large configuration bookings are staged while it is read: the same comes of it, whatever is wrong, and nothing is left. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Engine, literal } from '../../src/engine/engine.js';
import { preview } from '../../src/run/preview.js';
import type { PreviewResult } from '../../src/run/results.js';
import type { DuebookError } from '../../src/values/diagnostic.js';
import { BASE, project } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';

const MANY = `# ${'a customer of whom there is a lot to say '.repeat(30_000)}\n`;
const CUSTOMERS = 'customers: { acme: { name: Acme, cycle: monthly }, bolt: { name: Bolt, cycle: monthly } }\n';
const SOURCE = { ...(BASE['bookings'] as [Spec])[0], path: 'data/parquet/*.parquet' };
const APRIL = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02' }, { id: 'b', customer: 'bolt', product: 'food', start: '2026-04-03' },
  { id: 'c', customer: 'acme', product: 'food', start: '2026-04-04T10:00' },
];

/** A project with its customers in a file of their own and bookings in Parquet. */
async function made(included: string, spec: Spec = {}): Promise<Project> {
  const it = await project({}, APRIL);
  const { customers: _customers, ...base } = BASE;
  await it.write('billing.config.yaml', JSON.stringify({ ...base, include: ['customers/*.yaml'], bookings: [SOURCE], ...spec }));
  await it.write('customers/all.yaml', included);
  await mkdir(join(it.root, 'data/parquet'));
  await it.write('tmp/kept', '');
  const engine = await Engine.open();
  const [csv, parquet] = ['data/bookings/000.csv', 'data/parquet/000.parquet'].map((file) => literal(join(it.root, file)));
  await engine.run(`COPY (FROM read_csv(${csv}, all_varchar = true)) TO ${parquet} (FORMAT parquet)`);
  await engine.close();
  vi.stubEnv('TMPDIR', join(it.root, 'tmp'));
  return it;
}

/** What it comes to, and how engines were opened for it: one for little work, or all threads ahead of the configuration. */
async function looked(it: Project, customers: string[] = []): Promise<{ result: PreviewResult | string[]; opened: string[] }> {
  const opening = vi.spyOn(Engine, 'open');
  try {
    const result = await preview(it.world, { as_of: '2026-05-05', customers });
    return { result, opened: opening.mock.calls.map(([options]) => (options?.little === undefined ? 'ahead' : 'after')) };
  } catch (error) {
    const found = (error as DuebookError).diagnostics.map(({ code, message, at }) => `${at?.file}:${at?.line} ${code} ${message}`);
    return { result: found, opened: opening.mock.calls.map(([options]) => (options?.little === undefined ? 'ahead' : 'after')) };
  } finally {
    opening.mockRestore();
    expect(await readdir(join(it.root, 'tmp'))).toEqual(['kept']);
  }
}

afterEach(() => { vi.unstubAllEnvs(); });

describe('a head start', () => {
  it('changes nothing of what comes out', async () => {
    const one = await made(CUSTOMERS);
    const small = await looked(one);
    expect(small.opened).toEqual(['after']);
    const result = small.result as PreviewResult;
    expect(result.batches[0]!.totals).toMatchObject([{ invoices: 2, net: '101.66' }]);
    for (const text of [CUSTOMERS + MANY, MANY + CUSTOMERS]) {
      const other = await made(text);
      expect(await looked(other)).toEqual({ result, opened: ['ahead'] });
      expect(await other.files('out')).toEqual(await one.files('out'));
    }
  });

  it('is made where the customers stand in the main file, too', async () => {
    const it = await made('taxes: {}\n');
    const { customers: _customers, ...base } = BASE;
    const rest = Object.entries({ ...base, bookings: [SOURCE] }).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');
    await it.write('billing.config.yaml', MANY + CUSTOMERS + rest);
    expect(await looked(it)).toMatchObject({ result: { batches: [{ totals: [{ invoices: 2, net: '101.66' }] }] }, opened: ['ahead'] });
  });

  it('is given up where the configuration says more of the sources in the end', async () => {
    const more = JSON.stringify({ ...SOURCE, name: 'more', path: 'data/bookings/*.csv' });
    const it = await made(`${MANY}"bookings": [${more}]\n${CUSTOMERS}`);
    expect(await looked(it)).toMatchObject({ result: { batches: [{ totals: [{ invoices: 2, net: '203.32' }] }] }, opened: ['ahead', 'after'] });
  });

  it('tells what is wrong with the configuration, and leaves nothing', async () => {
    const wrong = 'customers: { acme: { name: Acme, cycle: never } }\n';
    const { result } = await looked(await made(wrong));
    expect(result).toEqual([expect.stringMatching(/^customers\/all.yaml:1 CONFIG_REFERENCE /)]);
    expect(await looked(await made(wrong + MANY))).toEqual({ result, opened: ['ahead'] });
    expect(await looked(await made(`${wrong}${MANY}x: [`))).toMatchObject({ result: [expect.stringMatching(/CONFIG_SYNTAX/)], opened: ['ahead'] });
    const sources = [{ ...SOURCE, columns: 'none', path: '../*.parquet' }];
    const broken = await looked(await made(CUSTOMERS, { bookings: sources }));
    expect(broken.result).not.toHaveLength(0);
    expect((await looked(await made(CUSTOMERS + MANY, { bookings: sources }))).result).toEqual(broken.result);
  });

  it('is given up where the command comes to nothing', async () => {
    expect(await looked(await made(CUSTOMERS + MANY), ['nobody'])).toEqual({
      result: [expect.stringMatching(/UNKNOWN_CUSTOMER there is no customer nobody/)], opened: ['ahead'],
    });
  });

  it('tells what is wrong with the bookings once', async () => {
    const spec = { bookings: [{ ...SOURCE, status: { billable: ['planned'] } }] };
    const { result } = await looked(await made(CUSTOMERS, spec));
    expect(result).toHaveLength(3);
    expect(await looked(await made(CUSTOMERS + MANY, spec))).toEqual({ result, opened: ['ahead'] });
  });
});
