/** The same bytes on any machine; one of two runs at once wins; a run that is killed leaves nothing half done. */
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Project, project } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';
import { duebook } from './processes.js';

const SPEC: Spec = {
  mail: { attach: ['pdf', 'xml'] }, timezone: 'Europe/Berlin', locale: 'de-DE',
  partners: { south: { name: 'Süd' } },
  customers: {
    acme: { name: 'Äcme & Söhne', partner: 'south', locale: 'fr-FR' }, bolt: { name: 'Bolt', cycle: 'weekly', email: 'b@bolt.example' },
    core: { name: 'Core', cycle: 'ahead', email: 'c@core.example', automation: { send_window: { hours: '08:00-18:00' } } },
    dune: { name: 'Dune', cycle: 'monthly', automation: { limits: { max_invoice_total: '10.00' } } }, ivy: { name: 'ivy', cycle: 'weekly' }, Iris: { name: 'Iris', cycle: 'weekly' },
  },
};
const NAMES = Object.keys(SPEC['customers'] as object);
const BOOKINGS: readonly Booking[] = Array.from({ length: 48 }, (_, i) => ({
  id: `J-${i}`, customer: NAMES[i % NAMES.length]!, product: i % 4 === 0 ? 'food' : 'visit', quantity: `${1 + (i % 5)}.25`, start: new Date(Date.UTC(2026, 2, 1, i * 19)).toISOString(),
  description: ['İstanbul Straße', 'plain', 'zürich 1,5 m²'][i % 3]!, ...(i % 9 === 0 ? { currency: 'KWD', price: '1.2345' } : {}),
}));
const AS_OF = '2026-04-20T06:00';

/** A copy of a project, as it stands, in a folder beside it. */
async function copy(made: Project, name: string): Promise<Project> {
  const folder = join(made.root, '..', `${made.root.split('/').at(-1)!} ${name}`);
  await mkdir(folder);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(made.root, folder, { recursive: true });
  return new Project(folder);
}

describe('two machines', () => {
  it('give the same bytes, whatever their zone, language, folder and number of threads', { timeout: 600_000 }, async () => {
    const here = await project(SPEC, BOOKINGS);
    const there = await project(SPEC, BOOKINGS);
    const elsewhere = await copy(there, 'ein Ördner mit Namen');
    const commands = [['preview', '--as-of', '2026-04-02', '--json'], ['confirm', '2026-04-01', '--as-of', '2026-04-02', '--json'], ['run', '--as-of', AS_OF, '--json'],
      ['run', '--as-of', AS_OF], ['status', '--as-of', AS_OF, '--json'], ['status', '--as-of', AS_OF], ['verify', '--json'], ['export', '--to', 'export', '--format', 'csv', '--json']];
    for (const command of commands) {
      const one = await duebook(command, { cwd: here.root, env: { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' } });
      const two = await duebook([...command, '--threads', '1'], { cwd: elsewhere.root, env: { TZ: 'Asia/Kolkata', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', HOME: '/nowhere' } });
      expect({ command, code: two.code, stdout: two.stdout, stderr: two.stderr }).toEqual({ command, code: one.code, stdout: one.stdout, stderr: one.stderr });
      expect([0, 3]).toContain(one.code);
    }
    const all = (path: string): boolean => path !== 'history.duckdb';
    const files = await here.files('.', all);
    expect(await elsewhere.files('.', all)).toEqual(files);
    expect(Object.keys(files).filter((path) => path.endsWith('.eml')).length).toBeGreaterThan(5);
    expect(Object.keys(files).filter((path) => path.startsWith('out/preview/')).length).toBeGreaterThan(3);
    expect(await elsewhere.historyDigest()).toEqual(await here.historyDigest());
    expect(await here.flaws()).toEqual([]);
  });
});

const PLAIN: Spec = { ...SPEC, mail: { attach: [] } };
const RUN = ['run', '--as-of', AS_OF, '--json'];

describe('two runs at once', () => {
  it('end with one that won and one that was refused or had nothing to do', { timeout: 600_000 }, async () => {
    const alone = await project(PLAIN, BOOKINGS);
    await duebook(RUN, { cwd: alone.root });
    const expected = await alone.outcome();
    const codes = new Set<number | null>();
    for (let round = 0; round < 3; round += 1) {
      const made = await project(PLAIN, BOOKINGS);
      const ended = await Promise.all([duebook(RUN, { cwd: made.root }), duebook(RUN, { cwd: made.root })]);
      for (const { code } of ended) codes.add(code);
      expect(ended.map(({ code }) => code)).toContain(3);
      for (const { code, stdout } of ended) if (code !== 3) expect(`${code} ${stdout}`).toMatch(/^6 .*"LEDGER_(LOCKED|MOVED)"/s);
      expect(await made.outcome()).toEqual(expected);
      expect(await made.flaws()).toEqual([]);
    }
    expect([...codes].filter((code) => code !== 3 && code !== 6)).toEqual([]);
  });
});

/** What the ledger says, without how many attempts it took. */
function facts(made: Project): Promise<string[][]> {
  return made.answers([
    'SELECT * EXCLUDE (serial) FROM ledger.invoices ORDER BY series, seq',
    'SELECT * EXCLUDE (serial) FROM ledger.invoice_lines ORDER BY invoice_id, line_no',
    'SELECT * EXCLUDE (serial) FROM ledger.invoice_taxes ORDER BY invoice_id, tax_id',
    'SELECT message_id, recipients, CAST(send_due_at AS VARCHAR), status, sha256 FROM ledger.message_status ORDER BY message_id',
    'SELECT DISTINCT CAST("at" AS VARCHAR), subject, subject_id, event, detail FROM ledger.events WHERE subject <> \'message\' ORDER BY ALL',
  ]);
}

/** The files for people, by hash; of summaries the text but for the anchor, whose hash covers how many attempts it took. */
async function pages(made: Project): Promise<Record<string, string>> {
  const files = await made.files('out');
  const told = (path: string): string => readFileSync(join(made.root, 'out', path), 'utf8').replace(/Committed by serial .*/, '');
  return Object.fromEntries(Object.entries(files).map(([path, hash]) => [path, path.endsWith('summary.md') ? told(path) : hash]));
}

describe('a run that is killed', () => {
  it('at any moment is made up for by the next one', { timeout: 600_000 }, async () => {
    // A first run came to its end; what is killed is the next one.
    const run = ['run', '--as-of', '2026-04-05', '--json'];
    const begun = await project(PLAIN, BOOKINGS);
    await duebook(['run', '--as-of', '2026-03-05'], { cwd: begun.root });
    const alone = await copy(begun, 'alone');
    expect((await duebook(run, { cwd: alone.root })).code).toBe(3);
    const expected = { facts: await facts(alone), out: await pages(alone) };
    const [first, last] = [commits(begun), commits(alone)];
    expect(last - first).toBeGreaterThan(8);
    const kills = 20;
    const after = new Set<number>();
    for (let kill = 0; kill < kills; kill += 1) {
      const made = await copy(begun, String(kill));
      // Killed a few milliseconds after a commit: while claimed messages are sent, while pages are written, between segments.
      const target = first + Math.floor(((last - first + 1) * kill) / kills);
      const delay = (kill * 37) % 90;
      let seen = Infinity;
      const ended = await duebook(run, { cwd: made.root, kill_when: (elapsed) => {
        if (seen === Infinity && commits(made) >= target) seen = elapsed;
        return elapsed >= seen + delay + (target === first ? 400 : 0);
      } });
      if (ended.code === null) after.add(commits(made));
      const again = await duebook(run, { cwd: made.root });
      expect({ kill, code: again.code, stderr: again.stderr.split('\n').filter((line) => line.startsWith('error')) }).toEqual({ kill, code: 3, stderr: [] });
      expect({ kill, facts: await facts(made), out: await pages(made) }).toEqual({ kill, ...expected });
      // Segments of the killed run may lie about; no commit refers to them, and the proof says so.
      expect((await made.flaws()).filter((flaw) => !/^LEDGER_DAMAGED .*belongs to a run that did not finish; no commit refers to it\.$/.test(flaw))).toEqual([]);
      expect(Object.keys(await made.files('.')).filter((path) => /\.tmp|LOCK|\.wal$/.test(path))).toEqual([]);
    }
    // It was really killed, and in many different places.
    expect(after.size).toBeGreaterThanOrEqual(6);
  });
});

function commits(made: Project): number {
  return readdirSync(join(made.root, 'data/ledger/commits')).length;
}
