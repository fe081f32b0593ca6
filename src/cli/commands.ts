/** All commands, in the order in which one meets them. What a command does is loaded when it is called, so that help is quick. */
import { fail } from '../values/diagnostic.js';
import type { Call, Command } from './command.js';
import { optional, valueOf } from './command.js';
import { completionScript, SHELLS } from './completion.js';
import type { Shell } from './completion.js';
import { cancel, credit } from './correct.js';
import { forget, retention } from './privacy.js';
import { previewExit, runExit, verifyExit } from './exit.js';
import { present } from './present.js';

const DETAILED = { name: 'detailed-exitcode', summary: 'end with 2 when something changed or is still open, and nothing worse' } as const;
const CUSTOMER = { name: 'customer', value: 'ID', many: true, summary: 'only this customer; may be given several times' } as const;

const init: Command = {
  name: 'init',
  summary: 'begin a billing project that runs at once',
  args: [{ name: 'DIR', required: false, summary: 'its folder; otherwise this one', choices: 'folder' }],
  options: [{ name: 'force', summary: 'overwrite files that are in the way' }],
  examples: [['duebook init billing', 'a new project in the folder billing']],
  run: async (call) => {
    const { init: start } = await import('../run/init.js');
    return present(call, 'init', await start(call.world, { dir: call.args[0] ?? '.', force: call.given.has('force') }), 0);
  },
};

const validate: Command = {
  name: 'validate',
  summary: 'check the configuration, templates and calendars, and say everything that is wrong',
  args: [],
  options: [],
  examples: [['duebook validate', 'what a pull request should run first'], ['duebook validate --json', 'the same for a machine']],
  run: async (call) => {
    const { validate: check } = await import('../run/validate.js');
    return present(call, 'validate', await check(call.world, call.common), 0);
  },
};

const calendar: Command = {
  name: 'calendar',
  summary: 'show what is billed when, and when it is previewed, confirmed and sent',
  args: [],
  options: [
    { name: 'from', value: 'DATE', summary: 'first billing date' },
    { name: 'to', value: 'DATE', summary: 'first billing date that is no longer shown' },
    { name: 'customer', value: 'ID', summary: 'only this customer, with its changes of cycle and the lines its settings are written in' },
    { name: 'cycle', value: 'ID', summary: 'only this cycle' },
  ],
  examples: [
    ['duebook calendar --from 2026-05-01 --to 2026-08-01', 'three months of all cycles'],
    ['duebook calendar --customer acme --from 2026-01-01 --to 2027-01-01', 'a year of one customer'],
  ],
  run: async (call) => {
    const [from, to] = [valueOf(call, 'from'), valueOf(call, 'to')];
    if (from === undefined || to === undefined) {
      return fail('USAGE', 'calendar needs --from and --to', { hint: 'like `duebook calendar --from 2026-05-01 --to 2026-08-01`' });
    }
    const { calendar: show } = await import('../run/calendar.js');
    const chosen = { ...optional('customer', valueOf(call, 'customer')), ...optional('cycle', valueOf(call, 'cycle')) };
    return present(call, 'calendar', await show(call.world, { ...call.common, ...chosen, from, to }), 0);
  },
};

const preview: Command = {
  name: 'preview',
  summary: 'compute the draft invoices of the open batches, also ahead of time; changes nothing',
  args: [],
  options: [
    { name: 'billing-date', value: 'DATE', summary: 'the batch of this date, even if it is not open yet' }, CUSTOMER,
    { name: 'partner', value: 'ID', summary: 'only the customers of this partner' },
    { name: 'cycle', value: 'ID', summary: 'only what this cycle bills' },
    { name: 'changes-since', value: 'DIGEST', summary: 'also say what changed since the preview with this digest (12 digits or more)' },
    {
      name: 'out', value: 'DIR', choices: 'folder',
      summary: 'write the drafts (pages, tables, a summary) into this folder and not into the configured output',
    },
    DETAILED,
  ],
  examples: [
    ['duebook preview', 'what is open now'],
    ['duebook preview --billing-date 2026-06-01 --customer acme', 'next month of one customer, as far as it is known'],
    ['duebook preview --changes-since 3f9c2a1b0d4e', 'what changed since you looked, line by line, and why'],
    ['duebook preview --out out --json > preview.json', 'drafts for people, data for machines'],
  ],
  run: async (call) => {
    const { preview: compute } = await import('../run/preview.js');
    const result = await compute(call.world, {
      ...call.common, ...optional('billing_date', valueOf(call, 'billing-date')), ...optional('partner', valueOf(call, 'partner')),
      ...optional('cycle', valueOf(call, 'cycle')), ...optional('changes_since', valueOf(call, 'changes-since')),
      ...optional('out', valueOf(call, 'out')), customers: call.given.get('customer') ?? [], ...(call.json ? {} : { listed: 50 }),
    });
    return present(call, 'preview', result, previewExit(result, call.given.has('detailed-exitcode')));
  },
};

const confirm: Command = {
  name: 'confirm',
  summary: 'lock, number and commit exactly the previewed invoices',
  args: [{ name: 'BATCH', required: true, summary: 'the batch, as preview and status name it' }],
  options: [
    { name: 'expect', value: 'DIGEST', summary: 'refuse if the batch is no longer the one with this digest' }, CUSTOMER,
    { name: 'partner', value: 'ID', summary: 'only the customers of this partner' },
    { name: 'cycle', value: 'ID', summary: 'only what this cycle bills' },
  ],
  examples: [
    ['duebook confirm 2026-05-01 --expect 3f9c2a…', 'confirm what was looked at, and nothing else'],
    ['duebook confirm 2026-05-01 --customer acme', 'one customer now; the batch stays open for the others'],
    ['duebook confirm 2026-05-01 --cycle weekly', 'what the weekly cycle bills'],
  ],
  run: async (call) => {
    const { confirm: commit } = await import('../run/confirm.js');
    const result = await commit(call.world, {
      ...call.common, batch: call.args[0]!, ...optional('expect', valueOf(call, 'expect')), customers: call.given.get('customer') ?? [],
      ...optional('partner', valueOf(call, 'partner')), ...optional('cycle', valueOf(call, 'cycle')),
    });
    return present(call, 'confirm', result, runExit(result, false));
  },
};

const invoice: Command = {
  name: 'invoice',
  summary: 'bill a customer on demand: all that is unbilled in the current period, one invoice now',
  about: 'In arrears the period is cut at the as-of: what follows is billed with the rest of it, at its usual time.',
  args: [],
  options: [
    { name: 'customer', value: 'ID', summary: 'who is billed' },
    { name: 'booking', value: 'ID', summary: 'bill the customer of this booking' },
    { name: 'expect', value: 'DIGEST', summary: 'refuse if the invoice is no longer the one with this digest' },
    { name: 'dry-run', summary: 'show the invoice, commit nothing' },
  ],
  examples: [
    ['duebook invoice --customer acme --dry-run', 'look at it first'],
    ['duebook invoice --customer acme --expect 3f9c2a…', 'what was looked at, and nothing else'],
  ],
  run: async (call) => {
    const { invoice: bill } = await import('../run/invoice.js');
    const result = await bill(call.world, {
      ...call.common, ...optional('customer', valueOf(call, 'customer')), ...optional('booking', valueOf(call, 'booking')),
      ...optional('expect', valueOf(call, 'expect')), dry_run: call.given.has('dry-run'),
    });
    return present(call, 'invoice', result, runExit(result, false));
  },
};

const run: Command = {
  name: 'run',
  summary: 'do all that fell due: previews, confirmations, documents, mail',
  about: 'It may run as often as you like. What fell due while it did not run is done now, in order, with the dates it should have had.',
  args: [],
  options: [DETAILED],
  examples: [['duebook run', 'what a scheduled job calls'], ['duebook run --as-of 2026-05-05', 'the same for a given day']],
  run: async (call) => {
    const { run: work } = await import('../run/run.js');
    const result = await work(call.world, call.common).catch(async (error: unknown) => {
      const { tellRunFailed } = await import('../run/notify-failure.js');
      await tellRunFailed(call.world, call.common, error);
      throw error;
    });
    return present(call, 'run', result, runExit(result, call.given.has('detailed-exitcode')));
  },
};

const send: Command = {
  name: 'send',
  summary: 'work through the outbox',
  args: [],
  options: [{ name: 'retry-uncertain', summary: 'also send again what may have arrived already' }],
  examples: [['duebook send', 'what is due'], ['duebook send --retry-uncertain', 'after you asked the customers']],
  run: async (call) => {
    const { send: work } = await import('../run/send.js');
    const result = await work(call.world, { ...call.common, retry_uncertain: call.given.has('retry-uncertain') });
    return present(call, 'send', result, runExit(result, false));
  },
};

const status: Command = {
  name: 'status',
  summary: 'show open batches with deadlines and digests, outbox, parked customers, last run',
  args: [],
  options: [],
  examples: [['duebook status', 'where things stand']],
  run: async (call) => {
    const { status: tell } = await import('../run/status.js');
    const result = await tell(call.world, call.common);
    return present(call, 'status', result, previewExit(result, false));
  },
};

const exportCommand: Command = {
  name: 'export',
  summary: 'write invoices, lines, taxes, events and the rest as files for accounting and analysts',
  args: [],
  options: [
    { name: 'to', value: 'DIR', summary: 'the folder; it is made', choices: 'folder' },
    {
      name: 'format', value: 'FORMAT', choices: ['parquet', 'csv', 'hledger', 'beancount'],
      summary: 'otherwise parquet; of the journal csv; the last two are the journal as plain text',
    },
    { name: 'journal', summary: 'only the journal for accounting: balanced entries of debits and credits' },
    { name: 'since', value: 'COMMIT', summary: 'journal: only what later commits of the ledger added' },
    { name: 'from', value: 'DATE', summary: 'journal: first day' },
    { name: 'before', value: 'DATE', summary: 'journal: first day that is no longer in it' },
  ],
  examples: [
    ['duebook export --to export --format csv', 'files for a spreadsheet'],
    ['duebook export --to accounting --journal', 'the journal as CSV'],
    ['duebook export --to accounting --journal --since 42', 'what was added after an export that ended with commit 42'],
    ['duebook export --to accounting --format hledger', 'the journal as hledger reads it'],
  ],
  run: async (call) => (await import('./export.js')).exportCommand(call),
};

const history: Command = {
  name: 'history',
  summary: 'make history.duckdb anew from the ledger',
  about: 'The file is a copy for analysts: nothing is lost when it is removed, and every run brings it up to date.',
  args: [{ name: 'ACTION', required: true, summary: 'rebuild', choices: ['rebuild'] }],
  options: [],
  examples: [['duebook history rebuild', 'when the file is damaged or was changed']],
  run: async (call) => {
    const { rebuildHistory } = await import('../run/history.js');
    return present(call, 'history', await rebuildHistory(call.world, call.common), 0);
  },
};

const ledger: Command = {
  name: 'ledger',
  summary: 'pack the small files of the ledger into few large ones; nothing that proves it changes',
  about: 'A year of daily runs is thousands of small files. Packs hold the same bytes: the anchors you kept stay valid.',
  args: [{ name: 'ACTION', required: true, summary: 'compact', choices: ['compact'] }],
  options: [],
  examples: [['duebook ledger compact', 'once a month or once a year; nothing else may run meanwhile']],
  run: async (call) => {
    const { compact } = await import('../run/compact.js');
    return present(call, 'ledger', await compact(call.world, call.common), 0);
  },
};

const verify: Command = {
  name: 'verify',
  summary: 'prove the ledger: chain, hashes, gaps, sums, corrections, every booking at most once, documents as sent',
  args: [],
  options: [{
    name: 'head', value: 'SERIAL:SHA256', many: true,
    summary: 'also prove that the ledger continues this anchor, which an earlier run printed; may be given several times',
  }, {
    name: 'document', value: 'FILE', many: true,
    summary: 'also prove that this mail, PDF or e-invoice is one that was sent; may be given several times',
  }],
  examples: [
    ['duebook verify', 'ends with 7 if anything is wrong'],
    [`duebook verify --head 12:${'9f86d081'.repeat(8)}`, 'nothing up to serial 12 was changed since you kept this anchor'],
    ['duebook verify --document INV-2026-000001.pdf', 'a customer shows it: is it the one that was sent?'],
  ],
  run: async (call) => {
    const { verify: prove } = await import('../run/verify.js');
    const [heads, documents] = [call.given.get('head') ?? [], call.given.get('document') ?? []];
    const result = await prove(call.world, { ...call.common, heads, documents });
    return present(call, 'verify', result, verifyExit(result));
  },
};

const doctor: Command = {
  name: 'doctor',
  summary: 'check what a run needs of this machine: versions, ledger, lock, output, mail',
  args: [],
  options: [],
  examples: [['duebook doctor', 'before the first run on a new machine']],
  run: async (call) => {
    const { doctor: look } = await import('../run/doctor.js');
    const result = await look(call.world, call.common);
    return present(call, 'doctor', result, result.ok ? 0 : 1);
  },
};

const completion: Command = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  args: [{ name: 'SHELL', required: true, summary: SHELLS.join(', '), choices: SHELLS }],
  options: [],
  examples: [
    ['source <(duebook completion bash)', 'in ~/.bashrc'], ['duebook completion zsh > ~/.zfunc/_duebook', 'a folder of $fpath'],
    ['duebook completion fish | source', 'in config.fish'],
  ],
  run: async (call: Call) => {
    await call.io.stdout.write(completionScript(call.args[0] as Shell, COMMANDS));
    return 0;
  },
};

const show: Command = {
  name: 'show',
  summary: 'show one invoice, as text or as the document the customer gets',
  args: [{ name: 'NUMBER|ID', required: true, summary: 'number of the invoice, or its id (a draft has only an id)' }],
  options: [
    { name: 'html', summary: 'as a page' }, { name: 'pdf', summary: 'as PDF' }, { name: 'xml', summary: 'as an e-invoice (EN 16931)' },
    { name: 'explain', summary: 'tell how each line came about: bookings, rules with their places, arithmetic; see docs/explain.md' },
    { name: 'out', value: 'FILE', summary: 'write it to a file', choices: 'file' },
  ],
  examples: [['duebook show INV-2026-000001', 'on the terminal'], ['duebook show INV-2026-000001 --explain', 'how every amount came about'],
    ['duebook show INV-2026-000001 --pdf --out invoice.pdf', 'the document']],
  run: async (call) => (await import('./show.js')).showCommand(call),
};

const query: Command = {
  name: 'query',
  summary: 'ask the history in SQL (DuckDB), read-only; without SQL an interactive shell',
  about: 'Views: invoices, invoice_lines, invoice_taxes, billed_bookings, events, messages, runs.\n'
    + '`DESCRIBE invoices` explains the columns.\n'
    + 'SQL may also come from stdin. --format json gives a list of objects; --json gives columns and rows with their types.',
  args: [{ name: 'SQL', required: false, summary: 'one statement or several; the answer of the last one is shown' }],
  options: [
    { name: 'format', value: 'FORMAT', summary: 'otherwise a table', choices: ['table', 'csv', 'json', 'parquet'] },
    { name: 'out', value: 'FILE', summary: 'write the answer to a file', choices: 'file' },
  ],
  examples: [
    ['duebook query "SELECT customer_id, sum(total) FROM invoices GROUP BY ALL ORDER BY ALL"', 'revenue by customer'],
    ['duebook query --format parquet --out lines.parquet "SELECT * FROM invoice_lines"', 'for other tools'],
    ['duebook query < report.sql', 'statements from a file'],
  ],
  run: async (call) => (await import('./query.js')).queryCommand(call),
};

/** The table that help, parsing and completion are made from. */
export const COMMANDS: readonly Command[] = [
  init, validate, calendar, preview, confirm, invoice, run, send, cancel, credit, status, show, query, exportCommand, history, ledger,
  verify, retention, forget, doctor, completion,
];
