/** Many ledgers, one after the other, with one warm engine for the witness. */
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../src/engine/engine.js';
import { live } from './histories.js';
import type { HistoryReport } from './histories.js';

/** What is counted over all histories. */
const SUMMED = ['months', 'steps', 'commands', 'commits', 'invoices', 'bookings', 'delivered', 'checks', 'twins'] as const;
/** Counts that are no faults. */
const HARMLESS = /^(ledgers in|bucket: (renewed|lease|lock|arrived)|delivered|proved|forgotten|compacted|converted|parked|exists already|lock of|refused|rival refused)/;

export interface LedgersReport extends Readonly<Record<(typeof SUMMED)[number], number>> {
  /** Deaths, lost answers, refusals of disk and mail server, rivals. */
  readonly faults: number;
  /** Those of requests to a bucket, but for deaths. */
  readonly inBucket: number;
  readonly counts: ReadonlyMap<string, number>;
  /** `seed 17: step 3 …` */
  readonly flaws: readonly string[];
}

export interface LedgersOptions {
  readonly months?: number | undefined;
  readonly say?: (text: string) => void;
  readonly done?: (report: HistoryReport) => void;
}

/** How to see a history again. */
export function repeat(seed: number, months: number | undefined): string {
  return `npm run simulate -- --part ledger --seed ${seed}${months === undefined ? '' : ` --months ${months}`}`;
}

const MEMORY = '/dev/shm';
const ROOM = 1_000_000_000;

/** A folder in memory where the system has one with room; null: none. What is made up needs no disk, and flushing one takes a sixth of the time. */
function folderInMemory(): string | null {
  try {
    // Somebody who was killed could not clear up.
    for (const name of readdirSync(MEMORY)) {
      const [, pid] = /^duebook-simulate-(\d+)-/.exec(name) ?? [];
      if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(MEMORY, name), { recursive: true, force: true });
    }
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM ? mkdtempSync(join(MEMORY, `duebook-simulate-${process.pid}-`)) : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/** With temporary files in memory. */
async function inMemory<T>(work: () => Promise<T>): Promise<T> {
  const [folder, before] = [folderInMemory(), process.env['TMPDIR']];
  if (folder === null) return work();
  process.env['TMPDIR'] = folder;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lives through `seeds` histories from the seed `from` on, to the end whatever is found. */
export function liveAll(from: number, seeds: number, options: LedgersOptions = {}): Promise<LedgersReport> {
  return inMemory(() => liveThrough(from, seeds, options));
}

async function liveThrough(from: number, seeds: number, { months, say, done }: LedgersOptions): Promise<LedgersReport> {
  const engine = await Engine.open({ threads: 1 });
  const [counts, flaws] = [new Map<string, number>(), [] as string[]];
  const sums = Object.fromEntries(SUMMED.map((key) => [key, 0])) as Record<(typeof SUMMED)[number], number>;
  try {
    for (let seed = from; seed < from + seeds; seed += 1) {
      const report = await live({ seed, engine, months, ...(say === undefined ? {} : { say }) });
      for (const key of SUMMED) sums[key] += report[key];
      for (const [key, n] of report.counts) counts.set(key, (counts.get(key) ?? 0) + n);
      flaws.push(...report.flaws.map((flaw) => `seed ${seed}: ${flaw} (repeat it with: ${repeat(seed, months)})`));
      done?.(report);
    }
  } finally {
    await engine.close();
  }
  const countOf = (counted: (key: string) => boolean): number => [...counts].reduce((sum, [key, n]) => sum + (counted(key) ? n : 0), 0);
  const isFault = (key: string): boolean => !HARMLESS.test(key);
  return { ...sums, faults: countOf(isFault), inBucket: countOf((key) => key.startsWith('bucket:') && isFault(key)), counts, flaws };
}
