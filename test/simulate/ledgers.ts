/** Many ledgers, one after the other, with one warm engine for the witness. */
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

/** Lives through `seeds` histories from the seed `from` on, to the end whatever is found. */
export async function liveAll(from: number, seeds: number, { months, say, done }: LedgersOptions = {}): Promise<LedgersReport> {
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
  const faults = [...counts].reduce((sum, [key, n]) => sum + (HARMLESS.test(key) ? 0 : n), 0);
  return { ...sums, faults, counts, flaws };
}
