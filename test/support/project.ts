/** A billing project in a folder of its own, worked on through the public functions of `run` with the real engine, ledger and files. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { attachLedger } from '../../src/ledger/attach.js';
import { readHistoryMeta } from '../../src/ledger/history.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { historyDigest, verifyLedger } from '../../src/ledger/verify.js';
import { confirm } from '../../src/run/confirm.js';
import { preview } from '../../src/run/preview.js';
import type { PreviewResult, RunResult, StatusResult } from '../../src/run/results.js';
import { run } from '../../src/run/run.js';
import { ledgerRecords } from '../../src/run/records.js';
import { send } from '../../src/run/send.js';
import { status } from '../../src/run/status.js';
import type { World } from '../../src/run/world.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { sha256 } from '../../src/values/digest.js';
import { openKeyFolder } from '../../src/world/key-folder.js';
import { openLocalStore } from '../../src/world/local-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { lines } from './table.js';
import { checkInvoices } from './ubl.js';

export const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A value of the configuration as it would be written in YAML. */
export type Spec = Readonly<Record<string, unknown>>;

export interface Booking {
  readonly id: string;
  readonly customer: string;
  readonly product?: string | undefined;
  readonly description?: string | undefined;
  /** ISO 8601 in UTC or a date; the end is the same where it is left out. */
  readonly start: string;
  readonly end?: string | undefined;
  readonly quantity?: string | undefined;
  readonly price?: string | undefined;
  readonly amount?: string | undefined;
  readonly currency?: string | undefined;
  readonly status?: string | undefined;
}

/** The least that bills: one issuer, monthly and weekly cycles in UTC, one tax, mail as files. */
export const BASE: Spec = {
  version: 1,
  issuer: { id: 'north', name: 'Northwind', address: { line1: 'Hafen 12', city: 'Hamburg', country: 'DE' } },
  currency: 'EUR', timezone: 'UTC', tax: 'standard',
  taxes: { standard: { name: 'VAT', rate: '19', category: 'S' }, reduced: { name: 'VAT 7', rate: '7', category: 'S' } },
  products: { visit: { name: 'Visit', unit: 'hour', price: '95.00' }, food: { name: 'Food', price: '3.33', tax: 'reduced' } },
  cycles: {
    monthly: { type: 'monthly', start: '2026-01-01' }, weekly: { type: 'weekly', start: '2026-01-05' },
    ahead: { type: 'monthly', start: '2026-01-01', timing: 'in_advance', automation: { lead_days: 5, confirmation_window_days: 0 } },
  },
  customers: { acme: { name: 'Acme', email: 'ap@acme.example', cycle: 'monthly' } },
  bookings: [{
    name: 'jobs', path: 'data/bookings/*.csv', timezone: 'UTC',
    columns: {
      booking_id: 'id', customer_id: 'customer', product: 'product', description: 'description', starts_at: 'start', ends_at: 'end', quantity: 'quantity',
      unit_price: 'price', amount: 'amount', currency: 'currency', status: 'status',
    },
    status: { billable: ['done'], scheduled: ['planned'], cancelled: ['cancelled'], ignored: ['draft'] },
  }],
  mail: { transport: 'file', from: 'Northwind <billing@northwind.example>', attach: [] },
};

const COLUMNS = ['id', 'customer', 'product', 'description', 'start', 'end', 'quantity', 'price', 'amount', 'currency', 'status'] as const;

/** Bookings as the CSV file that {@link BASE} reads. */
export function csv(bookings: readonly Booking[]): string {
  const cell = (b: Booking, column: (typeof COLUMNS)[number]): string => {
    const value = b[column] ?? (column === 'end' ? b.start : column === 'status' ? 'done' : '');
    return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return `${COLUMNS.join(',')}\n${bookings.map((b) => `${COLUMNS.map((column) => cell(b, column)).join(',')}\n`).join('')}`;
}

/** Lays a spec over another: objects key by key, everything else replaced. */
export function lay(below: Spec, above: Spec): Spec {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? lay(old, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export class Project {
  readonly root: string;
  readonly world: World;
  /** Where the ledger is; the folder below the project unless told otherwise. */
  readonly #store: ObjectStore;
  /** Folder of the keys that the ledger is read with here; null: none. */
  keys: string | null = null;

  constructor(root: string, store?: ObjectStore, env: World['env'] = {}) {
    this.root = root;
    this.#store = store ?? openLocalStore(join(root, 'data/ledger'), 'data/ledger');
    this.world = {
      cwd: root, env, log: { info: () => undefined, progress: () => ({ tick: () => undefined, end: () => undefined }) }, tool_version: '0.1.0',
      now: () => { throw new Error('a test must say --as-of'); }, package_root: REPOSITORY,
    };
  }

  /** Writes a file below the project. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true });
    await writeFile(join(this.root, path), text);
  }

  /** JSON is YAML. */
  async configure(spec: Spec): Promise<void> {
    await this.write('billing.config.yaml', `${JSON.stringify(lay(BASE, spec), null, 1)}\n`);
  }

  /** Replaces the bookings by these files. */
  async book(...files: readonly (readonly Booking[])[]): Promise<void> {
    await rm(join(this.root, 'data/bookings'), { recursive: true, force: true });
    for (const [i, bookings] of files.entries()) await this.write(`data/bookings/${String(i).padStart(3, '0')}.csv`, csv(bookings));
  }

  /** Writes one file of bookings over what it said before; the others stay. */
  async bookInto(name: string, bookings: readonly Booking[]): Promise<void> {
    await this.write(`data/bookings/${name}.csv`, csv(bookings));
  }

  run(as_of: string): Promise<RunResult> {
    return run(this.world, { as_of });
  }

  preview(as_of: string, more: { billing_date?: string; customers?: string[] } = {}): Promise<PreviewResult> {
    return preview(this.world, { as_of, customers: [], ...more });
  }

  confirm(as_of: string, batch: string, more: { expect?: string; customers?: string[] } = {}): Promise<RunResult> {
    return confirm(this.world, { as_of, batch, customers: [], ...more });
  }

  send(as_of: string, retry_uncertain = false): Promise<RunResult> {
    return send(this.world, { as_of, retry_uncertain });
  }

  status(as_of: string): Promise<StatusResult> {
    return status(this.world, { as_of });
  }

  /** Asks the ledger (`ledger.*`) and gives rows as `a | b` lines. */
  async told(sql: string): Promise<string[]> {
    return (await this.answers([sql]))[0]!;
  }

  /** Several questions at once. */
  async answers(questions: readonly string[]): Promise<string[][]> {
    const engine = await Engine.open({ threads: 1 });
    try {
      await attachLedger(engine, await this.#ledger());
      const answers: string[][] = [];
      for (const sql of questions) answers.push(lines(await engine.rows(sql)));
      return answers;
    } finally {
      await engine.close();
    }
  }

  /** Findings of the proof of ledger and history, which is up to date after whatever may commit; empty is good. */
  async flaws(): Promise<string[]> {
    const engine = await Engine.open({ threads: 1 });
    try {
      const ledger = await this.#ledger();
      const { checks, diagnostics } = await verifyLedger(engine, ledger, ledger.serial === 0 ? null : join(this.root, 'history.duckdb'));
      const stands = (await readHistoryMeta(join(this.root, 'history.duckdb')))?.serial ?? 0;
      const behind = stands < ledger.serial ? [`history: stands at serial ${stands}, the ledger at ${ledger.serial}`] : [];
      return [...behind, ...checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`), ...diagnostics.map((d) => `${d.code} ${d.message}`)];
    } finally {
      await engine.close();
    }
  }

  historyDigest(): ReturnType<typeof historyDigest> {
    return historyDigest(join(this.root, 'history.duckdb'));
  }

  /** `path -> sha256` of every file below a folder of the project. */
  async files(folder = '.', keep: (path: string) => boolean = () => true): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const names = await readdir(join(this.root, folder), { recursive: true }).catch(() => []);
    for (const name of names.map((each) => each.replaceAll('\\', '/')).sort()) {
      const path = join(this.root, folder, name);
      if (keep(name) && (await stat(path)).isFile()) found[name] = sha256(await readFile(path));
    }
    return found;
  }

  /** Everything that must be the same whenever and wherever the same things were done. The history is compared by what it says. */
  async outcome(): Promise<{ ledger: Record<string, string>; out: Record<string, string>; history: unknown }> {
    const ledger = await this.files('data/ledger');
    return { ledger, out: await this.files('out'), history: Object.keys(ledger).length === 0 ? null : await this.historyDigest() };
  }

  /** The e-invoice of every invoice that is in the ledger adds up by EN 16931, if there is a ledger that can be read. */
  async checkInvoices(): Promise<void> {
    const ledger = await this.#ledger().catch((error: unknown) => {
      if (error instanceof DuebookError) return null;
      throw error;
    });
    if (ledger === null || ledger.serial === 0) return;
    const engine = await Engine.open({ threads: 1 });
    try {
      await attachLedger(engine, ledger);
      // A ledger that a test made up row by row may tell of nobody.
      checkInvoices(await ledgerRecords(engine, 'i.lines < 1000 AND i.seller_id IS NOT NULL AND i.buyer_id IS NOT NULL'));
    } catch (error) {
      if (!(error instanceof DuebookError)) throw error;
    } finally {
      await engine.close();
    }
  }

  async #ledger(): Promise<Awaited<ReturnType<typeof openLedger>>> {
    const keys = this.keys === null ? null : openKeyFolder(join(this.root, this.keys), this.keys);
    return openLedger(this.#store, { tool_version: '0.1.0', keys });
  }
}

/** A project with {@link BASE} and `spec` on top; when the test ends its invoices are checked and it is removed. */
export async function project(spec: Spec = {}, bookings: readonly Booking[] = []): Promise<Project> {
  const made = new Project(await mkdtemp(join(tmpdir(), 'duebook-run-')));
  onTestFinished(async () => {
    await made.checkInvoices().finally(() => rm(made.root, { recursive: true, force: true }));
  });
  await made.configure(spec);
  await made.book(bookings);
  return made;
}

/** What an operation was refused with, as `CODE exit message`; fails the test where it was not. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
    return error.diagnostics.map((d) => `${d.code} ${error.exitCode} ${d.message}`).join('\n');
  }
  throw new Error('nothing was refused');
}
