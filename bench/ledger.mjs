// node bench/ledger.mjs [--invoices 1000000] [--lines 10] [--rounds 3] [--folder DIR]: a year of daily commits, made through the real
// commit path from generated rows; then what proving, rebuilding and a daily run on top of it take. Results belong into
// docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { existsSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportSegment } from '../dist/ledger/attach.js';
import { commit, openLedger } from '../dist/ledger/ledger.js';
import { LEDGER_TABLES } from '../dist/ledger/tables.js';
import { proveChain, proveSegments } from '../dist/ledger/verify-files.js';
import { Engine } from '../dist/engine/engine.js';
import { openLocalStore } from '../dist/world/local-store.js';
import { generate } from './generate.mjs';
import { measure, median } from './measure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: {
  invoices: { type: 'string', default: '1000000' }, lines: { type: 'string', default: '10' }, days: { type: 'string', default: '365' },
  rounds: { type: 'string', default: '3' }, folder: { type: 'string', default: join(root, 'bench', '.data') },
  only: { type: 'string', default: 'verify,rebuild,daily' },
} });
const [INVOICES, LINES, DAYS, ROUNDS] = [values.invoices, values.lines, values.days, values.rounds].map(Number);
/** Each customer is billed thirty times in the year. */
const CUSTOMERS = Math.max(1, Math.floor(INVOICES / 30));
const DAY = 86_400_000;
const FIRST = Date.UTC(2025, 0, 1, 20);
const TOOL = { tool_version: '0.1.0' };
const show = (name, figures) => process.stdout.write(`${name.padEnd(44)} ${figures}\n`);
const seconds = (begun) => (performance.now() - begun) / 1000;
const sql = (instant) => `TIMESTAMP '${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}'`;

/** The rows of one day, in temporary tables named as those of the ledger. */
async function stageDay(engine, day, first, count) {
  const at = sql(FIRST + day * DAY);
  const made = {
    invoice_lines: `SELECT i.invoice_id, l AS line_no, (i.seq - ${first}) * ${LINES} AS lines_before, 'booking' AS kind,
        'JOB-2025-' || lpad(((i.seq - 1) * ${LINES} + l)::VARCHAR, 9, '0') AS booking_id, 'jobs' AS source,
        ['inspection', 'repair', 'gas-bottle'][1 + k % 3] AS product,
        'Visit to site ' || (k % 9973) || ', plant ' || (k % 89) || ', by technician ' || (k % 83) || ', report ' || (k * 31 % 1000003) AS description,
        'hour' AS unit, (k % 400 + 25) * 10000 AS quantity_micro, (k % 90 + 10) * 1000000 AS unit_price_micro,
        (k % 400 + 25) * (k % 90 + 10) AS amount_minor, 'standard' AS tax_id, 19000000 AS tax_rate_micro,
        ${at} - INTERVAL (k % 40000) MINUTE AS service_start, ${at} - INTERVAL (k % 40000) MINUTE + INTERVAL 90 MINUTE AS service_end,
        false AS late, hash(k) AS content_hi, hash(k, 1) AS content_lo
      FROM (SELECT i.*, l, (i.seq * ${LINES} + l) * 7919 AS k FROM invoice_keys AS i, range(1, ${LINES + 1}) AS t(l)) AS i`,
    invoice_taxes: `SELECT invoice_id, 'standard' AS tax_id, 'VAT 19 %' AS name, 'S' AS category, 19000000 AS rate_micro,
        sum(amount_minor) AS net_minor, (sum(amount_minor) * 19 + 50) // 100 AS tax_minor FROM invoice_lines GROUP BY invoice_id`,
    invoices: `SELECT k.invoice_id, 'INV-2025-' || lpad(k.seq::VARCHAR, 7, '0') AS number, 'INV-2025' AS series, k.seq, 'invoice' AS kind,
        k.customer_id, 'Customer ' || k.customer || ' Ltd' AS customer_name, '${new Date(FIRST + day * DAY).toISOString().slice(0, 10)}' AS batch_id,
        'monthly' AS cycle_id, ${at} - INTERVAL 12 DAY AS period_start, ${at} - INTERVAL 1 DAY AS period_end, 'Europe/Berlin' AS timezone,
        'en-GB' AS locale, ${at}::DATE AS billing_date, ${at}::DATE AS issued_on, ${at}::DATE + 14 AS due_on, 'EUR' AS currency, 2 AS exponent,
        t.net_minor, t.tax_minor, t.net_minor + t.tax_minor AS total_minor, ${LINES} AS lines, ${at} AS confirmed_at, 'auto' AS confirmed_by,
        'seller' AS seller_id, 'buyer-' || k.customer AS buyer_id
      FROM invoice_keys AS k JOIN invoice_taxes AS t ON t.invoice_id = k.invoice_id`,
    parties: `SELECT 'buyer-' || customer AS party_id, customer_id, '{"name":"Customer ' || customer || ' Ltd","email":["ap@' || customer_id || '.example"]}' AS party
        FROM invoice_keys WHERE seq <= ${CUSTOMERS} UNION ALL SELECT 'seller', NULL, '{}' WHERE ${day} = 0`,
    messages: `SELECT 'msg_' || substr(invoice_id, 5) AS message_id, invoice_id, 'invoice' AS kind, '["ap@' || customer_id || '.example"]' AS recipients,
        ${at} AS queued_at, ${at} AS send_due_at FROM invoice_keys`,
    events: `SELECT ${at} AS "at", 'invoice' AS subject, invoice_id AS subject_id, 'confirmed' AS event, NULL AS detail FROM invoice_keys
        UNION ALL SELECT ${at}, 'message', 'msg_' || substr(invoice_id, 5), 'sending', '{"attempt":1}' FROM invoice_keys
        UNION ALL SELECT ${at}, 'message', 'msg_' || substr(invoice_id, 5), 'sent', '{"attempt":1,"sha256":"' || sha256(invoice_id) || '"}' FROM invoice_keys`,
  };
  await engine.run(`CREATE OR REPLACE TEMP TABLE invoice_keys AS
    SELECT 'inv_' || substr(sha256('bench' || seq), 1, 20) AS invoice_id, seq, seq % ${CUSTOMERS} AS customer,
      'c' || lpad((seq % ${CUSTOMERS})::VARCHAR, 6, '0') AS customer_id FROM range(${first}, ${first + count}) AS t(seq)`);
  const orders = { invoice_lines: 'r.lines_before, r.line_no', invoice_taxes: 'r.invoice_id', invoices: 'r.seq', parties: 'r.party_id', messages: 'r.message_id',
    events: 'r.subject, r.subject_id, r.event' };
  const files = [];
  for (const [table, select] of Object.entries(made)) {
    await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${select}`);
    const columns = await engine.rows(`SELECT column_name AS name FROM duckdb_columns() WHERE table_name = '${table}'`);
    const missing = Object.entries(LEDGER_TABLES[table]).filter(([name]) => !columns.some((c) => c.name === name));
    for (const [name, type] of missing) await engine.run(`ALTER TABLE ${table} ADD COLUMN "${name}" ${type}`);
    files.push(await exportSegment(engine, table, table, orders[table]));
  }
  const { total } = await engine.row('SELECT sum(total_minor)::VARCHAR AS total FROM invoices');
  return { files, total: BigInt(total) };
}

/** The ledger of the year at `project/ledger`. */
async function makeLedger(project) {
  const store = openLocalStore(join(project, 'ledger'), 'ledger');
  let ledger = await openLedger(store, TOOL);
  const engine = await Engine.open();
  for (let day = ledger.serial; day < DAYS; day += 1) {
    const first = Math.floor((day * INVOICES) / DAYS) + 1;
    const count = Math.floor(((day + 1) * INVOICES) / DAYS) + 1 - first;
    const { files, total } = await stageDay(engine, day, first, count);
    ledger = await commit(ledger, {
      issuer_id: 'bench', as_of: FIRST + day * DAY, action: 'confirm', config_digest: 'bench', config_commit: null, ...TOOL,
      next_number: { 'INV-2025': first + count }, invoices: count, totals: { EUR: total }, files,
    });
  }
  await engine.close();
}

const duebook = async (project, ...args) => {
  const run = await measure(process.execPath, [join(root, 'bin', 'duebook.js'), ...args], project);
  if (run.code !== 0) throw new Error(`${args.join(' ')} ended with exit code ${run.code}`);
  return run;
};

function bytesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
    .reduce((sum, each) => sum + statSync(join(each.parentPath ?? each.path, each.name)).size, 0);
}

function tell(name, runs) {
  const typical = (what) => median(runs.map((run) => run[what]));
  show(name, `${typical('seconds').toFixed(2)} s  ${typical('cpu').toFixed(2)} s of processor  ${typical('peak_mb')} MB`);
}

async function hashesOnly(project) {
  const begun = performance.now();
  const ledger = await openLedger(openLocalStore(join(project, 'ledger'), 'ledger'), TOOL);
  const opened = seconds(begun);
  const proofs = [(await proveChain(ledger)).proof, await proveSegments(ledger)];
  if (proofs.some(({ diagnostics }) => diagnostics.length > 0)) throw new Error('the ledger of the benchmark is damaged');
  return { opened, all: seconds(begun) };
}

/** The run that bills a thirtieth of the year, on the year and on nothing, one after the other. */
async function daily(project) {
  const [long, short, aside] = [join(project, 'ledger'), [], join(project, 'aside')];
  const runs = { long: [], short };
  mkdirSync(aside, { recursive: true });
  const history = join(project, 'history.duckdb');
  // One of another layout would be built anew within the run.
  await duebook(project, 'history', 'rebuild');
  renameSync(long, join(aside, 'ledger'));
  renameSync(history, join(aside, 'history.duckdb'));
  const clear = () => { for (const each of ['ledger', 'out', 'history.duckdb']) rmSync(join(project, each), { recursive: true, force: true }); };
  for (let round = 0; round < ROUNDS; round += 1) {
    clear();
    runs.short.push(await duebook(project, 'confirm', '2026-05-01', '--as-of', '2026-05-02'));
    clear();
    cpSync(join(aside, 'ledger'), long, { recursive: true });
    cpSync(join(aside, 'history.duckdb'), history);
    // What was just copied is not the run's to write to the disk.
    execFileSync('sync');
    runs.long.push(await duebook(project, 'confirm', '2026-05-01', '--as-of', '2026-05-02'));
  }
  clear();
  renameSync(join(aside, 'ledger'), long);
  renameSync(join(aside, 'history.duckdb'), history);
  tell('daily run on an empty ledger', runs.short);
  tell('daily run on the year', runs.long);
  const ratio = (what) => median(runs.long.map((run, i) => run[what] / runs.short[i][what])).toFixed(2);
  show('  ratio', `${ratio('seconds')} of time, ${ratio('cpu')} of processor time`);
}

const project = join(values.folder, `ledger-${INVOICES}-${LINES}`);
const only = values.only.split(',');
if (!existsSync(join(project, 'billing.config.yaml'))) await generate(project, Math.floor((INVOICES * LINES) / 30), { customers: CUSTOMERS });
const begun = performance.now();
await makeLedger(project);
const lines = INVOICES * LINES;
const bytes = bytesUnder(join(project, 'ledger'));
show(`${INVOICES} invoices, ${lines} lines, ${DAYS} commits`, `${(bytes / lines).toFixed(1)} bytes a line, made in ${seconds(begun).toFixed(0)} s`);
if (only.includes('verify')) {
  const hashes = [];
  for (let round = 0; round < ROUNDS; round += 1) hashes.push(await hashesOnly(project));
  show('opened', `${median(hashes.map(({ opened }) => opened)).toFixed(2)} s`);
  show('chain and segments proved', `${median(hashes.map(({ all }) => all)).toFixed(2)} s`);
}
const each = async (...words) => {
  const runs = [];
  for (let round = 0; round < ROUNDS; round += 1) runs.push(await duebook(project, ...words));
  return runs;
};
if (only.includes('rebuild')) {
  tell('history rebuild', await each('history', 'rebuild'));
  show('  history.duckdb', `${(statSync(join(project, 'history.duckdb')).size / lines).toFixed(1)} bytes a line`);
}
if (only.includes('verify')) tell('verify, everything', await each('verify'));
if (only.includes('daily')) await daily(project);
