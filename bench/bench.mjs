// npm run bench [-- --rows 1000000,10000000] [--rounds 3]: previews and confirmations as whole processes, each beside the bare script
// in the same round, as ratios; then with 2 GB for the database; start-up and validation. Results belong into docs/benchmarks.md.
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generate } from './generate.mjs';
import { measure, median } from './measure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000,10000000' }, rounds: { type: 'string', default: '3' } } });
const rounds = Number(values.rounds);
const bin = join(root, 'bin', 'duebook.js');
const duebook = (project, ...args) => measure(process.execPath, [bin, ...args], project);
const bare = (project, ...args) => measure(process.execPath, [join(root, 'bench', 'bare.mjs'), project, ...args], root);
const byHand = (project) => measure(process.execPath, [join(root, 'bench', 'by-hand.mjs'), project], root);
const show = (name, figures) => process.stdout.write(`${name.padEnd(34)} ${figures}\n`);

/** Fails loudly: a figure of a command that did not do its work is worth nothing. */
function check(name, run) {
  if (run.code !== 0) throw new Error(`${name} ended with exit code ${run.code}`);
  return run;
}

function fresh(project) {
  for (const made of ['ledger', 'out', 'history.duckdb']) rmSync(join(project, made), { recursive: true, force: true });
}

async function confirmed(project, ...more) {
  fresh(project);
  return check('confirm', await duebook(project, 'confirm', '2026-05-01', '--as-of', '2026-05-02', ...more));
}

async function previewed(project, ...more) {
  fresh(project);
  return check('preview', await duebook(project, 'preview', '--as-of', '2026-05-02', ...more));
}

function tell(name, runs, yardstick) {
  const ratio = (what) => median(runs.map((run, i) => run[what] / yardstick[i][what])).toFixed(2);
  const typical = (what) => median(runs.map((run) => run[what]));
  show(name, `${typical('seconds').toFixed(1)} s  ${typical('cpu').toFixed(1)} s of processor  ${typical('peak_mb')} MB  `
    + `${ratio('seconds')} x bare, ${ratio('cpu')} x its processor time`);
}

async function compare(rows) {
  const project = join(root, 'bench', '.data', String(rows));
  if (!existsSync(join(project, 'data', 'jobs.parquet'))) await generate(project, rows);
  const agreed = `${project}-agreed`;
  if (!existsSync(join(agreed, 'data', 'jobs.parquet'))) await generate(agreed, rows, { agreed: true });
  const runs = { bare: [], preview: [], agreed: [], confirm: [], by_hand: [] };
  for (let round = 0; round < rounds; round += 1) {
    runs.bare.push(check('bare', await bare(project)));
    runs.preview.push(await previewed(project));
    runs.agreed.push(await previewed(agreed));
    runs.confirm.push(await confirmed(project));
    runs.by_hand.push(check('by hand', await byHand(project)));
  }
  show(`${rows} bookings`, '');
  tell('  bare script', runs.bare, runs.bare);
  tell('  preview', runs.preview, runs.bare);
  tell('  preview, graduated, discounts', runs.agreed, runs.bare);
  tell('  confirm', runs.confirm, runs.bare);
  tell('  what it leaves behind, by hand', runs.by_hand, runs.bare);
  const small = [check('bare', await bare(project, '2GB'))];
  tell('  bare script, memory 2 GB', small, small);
  tell('  preview, memory 2 GB', [await previewed(project, '--memory-limit', '2GB')], small);
  tell('  confirm, memory 2 GB', [await confirmed(project, '--memory-limit', '2GB')], small);
}

async function startUp() {
  const helps = [];
  for (let i = 0; i < 9; i += 1) helps.push(check('help', await duebook(root, '--help')));
  show('duebook --help', `${Math.round(median(helps.map((r) => r.seconds)) * 1000)} ms`);
  const project = join(root, 'bench', '.data', 'customers');
  if (!existsSync(project)) await generate(project, 1000, { customers: 10_000 });
  const runs = [];
  for (let i = 0; i < 5; i += 1) runs.push(check('validate', await duebook(project, 'validate')));
  show('validate, 10 000 customers', `${median(runs.map((r) => r.seconds)).toFixed(2)} s`);
}

/** Scripts that tell their own figures as one JSON line. */
async function tellThemselves() {
  for (const script of ['calendar.mjs', 'render.mjs']) {
    process.stdout.write(`${script}\n`);
    check(script, await measure(process.execPath, [join(root, 'bench', script)], root, 'inherit'));
  }
}

await startUp();
await tellThemselves();
for (const rows of values.rows.split(',')) await compare(Number(rows));
