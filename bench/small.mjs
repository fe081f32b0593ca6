// node bench/small.mjs [--rounds 20] [--dist FOLDER]: processor time of the draft of a small project, in a process that has made some
// before: a project of three customers with thirty bookings in one CSV file, and the sample project with its sources and agreements.
// The first draft of a process is told apart. --dist measures another build, to compare with.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './measure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, dist: { type: 'string', default: join(root, 'dist') } } });
const load = (path) => import(pathToFileURL(join(resolve(values.dist), path)).href);
const [{ openContext, ledgerOf }, { openDraft }] = [await load('run/context.js'), await load('run/draft.js')];
const scratch = mkdtempSync(join(tmpdir(), 'duebook-bench-'));

function threeCustomers(folder) {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const customers = ['acme', 'beta', 'gamma'];
  writeFileSync(join(folder, 'billing.config.yaml'), `version: 1
issuer: { id: north, name: Northwind, address: { line1: Hafen 12, city: Hamburg, country: DE } }
currency: EUR
timezone: Europe/Berlin
tax: standard
taxes: { standard: { name: VAT, rate: "19", category: S } }
products: { visit: { name: Visit, unit: hour, price: "95.00" } }
cycles: { monthly: { type: monthly, start: 2026-01-01 } }
customers:
${customers.map((id) => `  ${id}: { name: ${id}, email: ap@${id}.example, cycle: monthly }`).join('\n')}
bookings:
  - name: jobs
    path: data/*.csv
    columns: { booking_id: id, customer_id: customer, product: product, starts_at: start, ends_at: end, quantity: quantity, status: status }
    status: { billable: [done] }
`);
  const rows = Array.from({ length: 30 }, (_, i) => {
    const day = `2026-04-${String(1 + i % 28).padStart(2, '0')}`;
    return `J-${i},${customers[i % 3]},visit,${day}T09:00,${day}T11:00,${1 + i % 4},done`;
  });
  writeFileSync(join(folder, 'data', 'jobs.csv'), `id,customer,product,start,end,quantity,status\n${rows.join('\n')}\n`);
}

function sample(folder) {
  for (const part of ['billing.config.yaml', 'config', 'data/bookings', 'data/inbox', 'templates']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
}

/** Milliseconds of processor time of this process, user and system. */
function processor() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measured(name, write) {
  const cwd = join(scratch, name);
  write(cwd);
  const log = { info: () => undefined, progress: () => ({ tick: () => undefined, end: () => undefined }) };
  const world = { cwd, env: {}, log, tool_version: '0', now: () => 0, package_root: root };
  const times = [];
  for (let i = 0; i <= Number(values.rounds); i += 1) {
    const context = await openContext(world, { as_of: '2026-05-02' });
    const begun = processor();
    const draft = await openDraft(context, await ledgerOf(context));
    await draft.engine.close();
    times.push(processor() - begun);
  }
  const [first, ...later] = times;
  process.stdout.write(`${name.padEnd(20)} first ${first.toFixed(0)} ms, later ${median(later).toFixed(0)} ms (least ${Math.min(...later).toFixed(0)})\n`);
}

try {
  await measured('three customers', threeCustomers);
  await measured('sample project', sample);
} finally {
  rmSync(scratch, { recursive: true });
}
