/** What people and the scheduler of a made-up firm give to the program: real commands, at the instant that it is. */
import { cancel } from '../../src/run/cancel.js';
import { compact } from '../../src/run/compact.js';
import { confirm } from '../../src/run/confirm.js';
import { credit } from '../../src/run/credit.js';
import { invoice } from '../../src/run/invoice.js';
import { preview } from '../../src/run/preview.js';
import type { OpenBatch } from '../../src/run/results.js';
import { run } from '../../src/run/run.js';
import { send } from '../../src/run/send.js';
import { status } from '../../src/run/status.js';
import type { World } from '../../src/run/world.js';
import type { Project } from '../support/project.js';
import type { Chance } from './chance.js';
import { iso } from './firm.js';
import type { Firm } from './firm.js';
import type { Witness } from './witness.js';

const DAY = 86_400_000;

/** What somebody types. */
export interface Command { readonly words: string; readonly work: (world: World) => Promise<unknown> }

/** What they know when they type it. */
export interface Scene {
  readonly at: number;
  readonly firm: Firm;
  readonly witness: Witness;
  readonly project: Project;
  /** Open batches as the last run told of them. */
  readonly open: readonly OpenBatch[];
  /** The same history is lived without faults, too, and compared. */
  readonly compared: boolean;
}

/** Most of the time it is the scheduled run. */
export function choose(chance: Chance, { at, firm, witness, project, open, compared }: Scene): Command {
  const given = { as_of: iso(at), threads: 1 };
  const what = chance.int(1, 100);
  const batch = open.length === 0 ? null : chance.pick(open);
  if (what <= 10 && batch !== null) {
    const expect = chance.percent(50) ? { expect: batch.digest.slice(0, 12) } : {};
    const customers = chance.percent(40) ? [chance.pick(firm.customerIds)] : [];
    return { words: `confirm ${batch.batch_id}`, work: (world) => confirm(world, { ...given, batch: batch.batch_id, customers, ...expect }) };
  }
  if (what <= 18 && batch !== null) {
    const approval = { batch: batch.batch_id, digest: batch.digest.slice(0, 12), approved_at: iso(at - chance.int(0, 3) * DAY), approved_by: 'Ada' };
    return {
      words: `run, ${batch.batch_id} approved`, work: async (world) => {
        await project.write(`approvals/${batch.batch_id}.yaml`, `${JSON.stringify(approval)}\n`);
        return run(world, given);
      },
    };
  }
  if (what <= 28) {
    const retry_uncertain = what > 22;
    return {
      words: `send${retry_uncertain ? ', retry what is uncertain' : ''}${compared ? ', after a run' : ''}`, work: async (world) => {
        // Only a mail that failed before makes it commit, and what fell due until then would have the instant of that commit.
        if (compared) await run(world, given);
        return send(world, { ...given, retry_uncertain });
      },
    };
  }
  const customer = chance.pick(firm.customerIds);
  if (what <= 34) return { words: `invoice ${customer}`, work: (world) => invoice(world, { ...given, customer, dry_run: false }) };
  if (what <= 35) return { words: 'status', work: (world) => status(world, given) };
  if (what <= 37) return { words: 'preview', work: (world) => preview(world, { ...given, customers: [] }) };
  if (what <= 41) return { words: 'ledger compact', work: (world) => compact(world, given) };
  const [number] = picked(chance, witness);
  // Whether it may be cancelled depends on whether it was sent: a history that is compared leaves it alone.
  if (what <= 49 && number !== undefined && !compared) {
    return { words: `cancel ${number}`, work: (world) => cancel(world, { ...given, number, reason: 'Wrong address', by: 'Ada', dry_run: false }) };
  }
  if (what <= 57 && number !== undefined) {
    const part = chance.pick([{ lines: [] }, { lines: ['1'] }, { lines: ['1', '2'] }, { lines: [], amount: '5' }]);
    const reissue = part.amount === undefined && chance.percent(40);
    return { words: `credit ${number}${reissue ? ', to be billed again' : ''}`, work: (world) => credit(world, { ...given, number, ...part, reissue, reason: 'Agreed', by: 'Ada', dry_run: false }) };
  }
  return { words: 'run', work: (world) => run(world, given) };
}

/** Numbers of some of the last invoices, in an order that chance makes. */
function picked(chance: Chance, witness: Witness): string[] {
  const last = [...witness.invoices.values()].slice(-4);
  const place = chance.int(0, 3);
  return [...last.slice(place), ...last.slice(0, place)].map(({ number }) => number);
}
