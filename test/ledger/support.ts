/** A ledger made the real way: relations in the engine, segments by COPY, commits through the store. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { exportSegment } from '../../src/ledger/attach.js';
import { chainSegments, encodeCommit, runIdOf } from '../../src/ledger/commit.js';
import type { CommitDocument } from '../../src/ledger/commit.js';
import { encodeHead, headAfter } from '../../src/ledger/head.js';
import type { Head } from '../../src/ledger/head.js';
import { commit, openLedger } from '../../src/ledger/ledger.js';
import type { CommitInput, Ledger } from '../../src/ledger/ledger.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import type { LedgerTable } from '../../src/ledger/tables.js';
import type { CrashPoints } from '../../src/world/crash-points.js';
import { openLocalStore } from '../../src/world/local-store.js';

export const TOOL = { tool_version: '0.1.0' } as const;
export const FIRST = Date.UTC(2026, 4, 4, 20);
const DAY = 86_400_000;

export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duebook-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function tempEngine(): Promise<Engine> {
  const engine = await Engine.open();
  onTestFinished(() => engine.close());
  return engine;
}

export function openAt(folder: string, crash?: CrashPoints): Promise<Ledger> {
  return openLedger(openLocalStore(join(folder, 'ledger'), 'data/ledger', crash), TOOL);
}

/** How many invoices and lines an invoicing commit makes. */
export interface Size {
  readonly invoices: number;
  readonly lines: number;
}

/** Relations of one batch of invoices that follow on the ledger: every amount differs, the sums are right. */
export async function stageBatch(engine: Engine, ledger: Ledger, size: Size = { invoices: 3, lines: 2 }): Promise<CommitInput> {
  const serial = ledger.serial + 1;
  const first = ledger.next_number['INV-2026'] ?? 1;
  const asOf = (ledger.as_of ?? FIRST - DAY) + DAY;
  const at = `TIMESTAMP '${new Date(asOf).toISOString().slice(0, 19).replace('T', ' ')}'`;
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE line AS
      SELECT 'inv_' || format('{:08d}', ${first} + r // ${size.lines}) AS invoice_id, r % ${size.lines} + 1 AS line_no, r - r % ${size.lines} AS lines_before, 'booking' AS kind,
        'B-' || ${serial} || '-' || r AS booking_id, 'jobs' AS source, 'inspection' AS product, 'Visit ''' || r || ''' at Zürich' AS description,
        'hour' AS unit, 1500000 AS quantity_micro, 95000000 AS unit_price_micro, 1000 + r AS amount_minor, 'standard' AS tax_id,
        19000000 AS tax_rate_micro, ${at} - INTERVAL (r % 700) HOUR AS service_start, ${at} - INTERVAL (r % 700) HOUR + INTERVAL 90 MINUTE AS service_end,
        false AS late, NULL AS corrects_invoice_id, hash(r, ${serial}) AS content_hi, hash(r + 1, ${serial}) AS content_lo, NULL AS charge_id
      FROM range(${size.invoices * size.lines}) t(r);
    CREATE OR REPLACE TEMP TABLE tax AS
      SELECT invoice_id, 'standard' AS tax_id, 'USt 19 %' AS name, 'S' AS category, 19000000 AS rate_micro, NULL AS note,
        sum(amount_minor) AS net_minor, (sum(amount_minor) * 19 + 50) // 100 AS tax_minor FROM line GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE invoice AS
      SELECT t.invoice_id, 'INV-2026-' || right(t.invoice_id, 6) AS number, 'INV-2026' AS series, right(t.invoice_id, 8)::BIGINT AS seq,
        'invoice' AS kind, 'c' || seq % 7 AS customer_id, 'Customer ' || seq % 7 AS customer_name, NULL AS partner_id,
        '2026-05-01' AS batch_id, 'monthly' AS cycle_id, TIMESTAMP '2026-03-31 22:00:00' AS period_start, TIMESTAMP '2026-04-30 22:00:00' AS period_end,
        'Europe/Berlin' AS timezone, 'de-DE' AS locale, DATE '2026-05-01' AS billing_date, DATE '2026-05-01' AS issued_on, DATE '2026-05-15' AS due_on,
        'EUR' AS currency, 2 AS exponent, net_minor, tax_minor, net_minor + tax_minor AS total_minor, ${size.lines} AS lines,
        ${at} AS confirmed_at, 'auto' AS confirmed_by, 'seller' AS seller_id, 'buyer' AS buyer_id, 'PO 7' AS purchase_order, NULL AS note FROM tax AS t;
    CREATE OR REPLACE TEMP TABLE party AS
      SELECT p AS party_id, NULL AS customer_id, '{}' AS party FROM (VALUES ('seller'), ('buyer')) t(p) WHERE ${serial} = 1;
    CREATE OR REPLACE TEMP TABLE message AS
      SELECT 'msg_' || invoice_id AS message_id, invoice_id, 'invoice' AS kind, 'ap@acme.example' AS recipients, ${at} AS queued_at, ${at} AS send_due_at, NULL AS subject_id, NULL AS payload
      FROM invoice;
    CREATE OR REPLACE TEMP TABLE event AS
      SELECT ${at} AS at, 'invoice' AS subject, invoice_id AS subject_id, 'confirmed' AS event, NULL::VARCHAR AS detail FROM invoice`);
  const staged: [LedgerTable, string, string][] = [
    ['invoices', 'invoice', 'seq'], ['invoice_lines', 'line', 'invoice_id, line_no'], ['invoice_taxes', 'tax', 'invoice_id, tax_id'],
    ['parties', 'party', 'party_id'], ['messages', 'message', 'message_id'], ['events', 'event', 'subject, subject_id, event'],
  ];
  // What a batch of bookings alone leaves empty.
  for (const [table, from] of staged) {
    for (const [column, type] of Object.entries(LEDGER_TABLES[table])) await engine.run(`ALTER TABLE ${from} ADD COLUMN IF NOT EXISTS "${column}" ${type}`);
  }
  const files = await Promise.all(staged.map(([table, from, order]) => exportSegment(engine, table, from, order)));
  const { total } = await engine.row<{ total: string }>('SELECT sum(total_minor)::VARCHAR AS total FROM invoice');
  return {
    issuer_id: 'northwind', as_of: asOf, action: 'confirm', config_digest: 'c0ffee', config_commit: null, ...TOOL, invoices: size.invoices,
    totals: { EUR: BigInt(total) }, next_number: { 'INV-2026': first + size.invoices }, files,
  };
}

/** One event: message or invoice, what, and its detail. */
export type Told = readonly [subject: string, id: string, event: string, detail?: Record<string, unknown>];

/** A commit of events alone, one day after the last. */
export async function stageEvents(engine: Engine, ledger: Ledger, told: readonly Told[]): Promise<CommitInput> {
  const asOf = (ledger.as_of ?? FIRST) + DAY;
  const at = `TIMESTAMP '${new Date(asOf).toISOString().slice(0, 19).replace('T', ' ')}'`;
  const rows = told.map(([subject, id, event, detail]) =>
    `(${at}, '${subject}', '${id}', '${event}', ${detail === undefined ? 'NULL' : `'${JSON.stringify(detail)}'`})`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE told AS SELECT * FROM (VALUES ${rows.join(', ')}) t("at", subject, subject_id, event, detail)`);
  return {
    issuer_id: 'northwind', as_of: asOf, action: 'send', config_digest: 'c0ffee', config_commit: 'abc123', ...TOOL, invoices: 0, totals: {}, next_number: {},
    files: [await exportSegment(engine, 'events', 'told', 'subject, subject_id, event')],
  };
}

/** A ledger of five commits: invoices, sending, outcomes, more invoices, a void one. */
export async function smallLedger(engine: Engine, folder: string): Promise<Ledger> {
  let ledger = await openAt(folder);
  ledger = await commit(ledger, await stageBatch(engine, ledger));
  ledger = await commit(ledger, await stageEvents(engine, ledger, [1, 2].map((n): Told => ['message', `msg_inv_0000000${n}`, 'sending', { attempt: 1 }])));
  ledger = await commit(ledger, await stageEvents(engine, ledger, [
    ['message', 'msg_inv_00000001', 'sent', { attempt: 1, sha256: 'ab12' }],
    ['message', 'msg_inv_00000002', 'failed', { attempt: 1, error: '450 try later', permanent: false }],
    ['message', 'msg_inv_00000002', 'queued', { attempt: 2 }],
  ]));
  ledger = await commit(ledger, await stageBatch(engine, ledger, { invoices: 2, lines: 3 }));
  return commit(ledger, await stageEvents(engine, ledger, [
    ['invoice', 'inv_00000003', 'voided', { reason: 'typo' }], ['message', 'msg_inv_00000003', 'cancelled'],
  ]));
}

/**
 * Writes every commit of a ledger anew, as somebody could who knows the format: `change` may give other documents, for which all names
 * and hashes are made to fit. Segments are moved to where the new documents have them. HEAD is written too.
 */
export async function forge(ledgerFolder: string, change: (document: CommitDocument) => CommitDocument | Promise<CommitDocument>): Promise<Head> {
  let head: Head | null = null;
  for (const name of (await readdir(join(ledgerFolder, 'commits'))).sort()) {
    const path = join(ledgerFolder, 'commits', name);
    const document: CommitDocument = { ...(await change(JSON.parse(await readFile(path, 'utf8')) as CommitDocument)), previous: head?.head_sha256 ?? null };
    const run_id = runIdOf(document.previous, document.as_of, document.action, document.segments);
    const segments = document.segments.map((each) => ({ ...each, path: each.path.replace(document.run_id, run_id) }));
    if (run_id !== document.run_id && segments.length > 0) {
      await rename(join(ledgerFolder, dirname(document.segments[0]!.path)), join(ledgerFolder, dirname(segments[0]!.path)));
    }
    const forged = { ...document, run_id, segments, segments_sha256: chainSegments(head?.segments_sha256 ?? null, segments) };
    await writeFile(path, encodeCommit(forged));
    head = headAfter(head, forged);
  }
  await writeFile(join(ledgerFolder, 'HEAD.json'), encodeHead(head!));
  return head!;
}
