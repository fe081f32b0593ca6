// The main job on the sample project: two billing months, with a file that comes late in between. `npm run sample`
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const LATE = 'data/inbox/2026-03-late.csv';
const DELIVERED = 'data/bookings/jobs/2026-03-late.csv';

function duebook(...words) {
  process.stdout.write(`\n$ npx duebook ${words.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [join(root, 'bin/duebook.js'), ...words], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

duebook('validate');
if (!existsSync(join(root, DELIVERED))) {
  duebook('run', '--as-of', '2026-04-07T06:00');
  process.stdout.write(`\nA technician hands in three jobs of March, after March was billed:\n$ cp ${LATE} ${DELIVERED}\n`);
  copyFileSync(join(root, LATE), join(root, DELIVERED));
}
duebook('run', '--as-of', '2026-05-05T06:00');

process.stdout.write(`
Where things are
  invoices   out/invoices/<batch>/index.html        one folder a batch, one page an invoice, CSV for accounting
  previews   out/preview/<batch>/index.html         what waits for confirmation
  mails      out/mail/*.eml                         open them with any mail program
  history    history.duckdb                         npx duebook query "select status, count(*), sum(total) from invoices group by all"
  ledger     data/ledger                            npx duebook verify

Next: npx duebook status --as-of 2026-05-05T06:00, and docs/tour.md
`);
