/**
 * The ledger of a made-up firm through months of runs that die, collide, come late or twice, and of mail that gets lost: one seed, one
 * history. Everything goes through the real commands; only store, mail and clock are made up. After every step somebody who believes
 * nothing looks at the disk.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../src/engine/engine.js';
import { readHistoryMeta } from '../../src/ledger/history.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { confirm } from '../../src/run/confirm.js';
import { forget } from '../../src/run/forget.js';
import type { RunResult } from '../../src/run/results.js';
import { run } from '../../src/run/run.js';
import type { World } from '../../src/run/world.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { sha256 } from '../../src/values/digest.js';
import { openKeyFolder } from '../../src/world/key-folder.js';
import { Project } from '../support/project.js';
import { Bucket, BUCKET } from './bucket.js';
import { Chance } from './chance.js';
import { choose } from './commands.js';
import type { Command } from './commands.js';
import { Crash, Disk, NO_PERILS, Post, Process, Tally } from './disk.js';
import type { Perils } from './disk.js';
import { Firm, iso, START } from './firm.js';
import { accounted, difference, isFreedLately, settled, traces } from './reckoning.js';
import { Witness } from './witness.js';

const DAY = 86_400_000;

export interface HistoryOptions {
  readonly seed: number;
  /** Of the firm's life; absent: the seed decides, mostly few. */
  readonly months?: number | undefined;
  /** Days between steps on average; absent: the seed decides. */
  readonly stride?: number | undefined;
  /** How often the same history is lived without any fault and compared, of a hundred seeds; 0 is never. */
  readonly twins?: number | undefined;
  /** The engine that the witness looks with; kept warm by whoever lives through many histories. */
  readonly engine: Engine;
  /** Every step in words. */
  readonly say?: (text: string) => void;
}

function withoutRate({ reason }: RunResult['parked'][number]): boolean {
  return reason.startsWith('there is no exchange rate');
}

/** What a seed makes of the options. */
interface Plan { readonly seed: number; readonly months: number; readonly stride: number; readonly perils: Perils; readonly steady: boolean; readonly twin: boolean }

export interface HistoryReport {
  readonly seed: number;
  readonly months: number;
  readonly steps: number;
  readonly commands: number;
  readonly commits: number;
  readonly invoices: number;
  readonly bookings: number;
  readonly delivered: number;
  readonly checks: number;
  /** 1 if it was also lived without faults. */
  readonly twins: number;
  readonly counts: ReadonlyMap<string, number>;
  /** The first things that are wrong, with the step; then the history ends. */
  readonly flaws: readonly string[];
}

const PERILS: readonly Perils[] = [
  { write: 3, read: 1, point: 0, post: 10, rival: 5 }, { write: 12, read: 1, point: 1, post: 25, rival: 10 }, { write: 6, read: 0, point: 0, post: 0, rival: 40 },
  { write: 0, read: 0, point: 2, post: 50, rival: 0 }, { write: 20, read: 0, point: 0, post: 5, rival: 0 }, { write: 2, read: 2, point: 3, post: 25, rival: 25 },
];

function planOf({ seed, months, stride, twins = 10 }: HistoryOptions): Plan {
  const chance = new Chance(seed * 69_069 + 5);
  const lasting = months ?? (chance.percent(1) ? 24 : chance.pick([0.5, 0.5, 0.5, 0.5, 0.5, 1]));
  return {
    seed, months: lasting, stride: stride ?? (lasting > 6 ? 120 : 15), perils: chance.pick(PERILS),
    // Who always repeats what failed can be compared with somebody to whom nothing happened.
    steady: chance.percent(50), twin: chance.percent(2 * twins),
  };
}

/** Lives through one history. */
export async function live(options: HistoryOptions): Promise<HistoryReport> {
  const plan = planOf(options);
  const tally = new Tally();
  const history = new History(plan, options, tally, plan.perils);
  const flaws = await history.live();
  const twin = plan.steady && plan.twin && flaws.length === 0;
  let checks = 0;
  if (twin) {
    const calm = new History(plan, options, new Tally(), NO_PERILS);
    flaws.push(...(await calm.live()).map((flaw) => `without faults: ${flaw}`), ...difference([history.witness.facts, calm.witness.facts], [history.post.delivered, calm.post.delivered]));
    checks = calm.checks + calm.witness.facts.length;
  }
  return {
    seed: plan.seed, months: plan.months, steps: history.steps, commands: history.commands, commits: history.witness.serial, invoices: history.witness.invoices.size,
    bookings: history.firm.lives.length, delivered: history.post.delivered.length, checks: checks + history.checks, twins: twin ? 1 : 0, counts: tally.counts, flaws,
  };
}

type Outcome = { readonly done: unknown } | { readonly refused: string } | 'died';

class History {
  readonly firm: Firm;
  readonly post: Post;
  readonly witness: Witness;
  steps = 0;
  commands = 0;
  checks = 0;
  readonly #disk: Disk;
  readonly #plan: Plan;
  readonly #options: HistoryOptions;
  readonly #tally: Tally;
  readonly #perils: Perils;
  readonly #project: Project;
  readonly #root: string;
  #last: RunResult | null = null;
  #at = START;

  constructor(plan: Plan, options: HistoryOptions, tally: Tally, perils: Perils) {
    this.#plan = plan;
    this.#options = options;
    this.#tally = tally;
    this.#perils = perils;
    this.#root = mkdtempSync(join(tmpdir(), 'duebook-simulate-'));
    this.#project = new Project(this.#root);
    this.post = new Post(plan.seed);
    const chance = new Chance(plan.seed);
    this.firm = new Firm({ seed: plan.seed, months: plan.months, slow: plan.months > 6, customers: chance.pick([1, 1, plan.months > 6 ? 3 : 2]), bookings_a_week: plan.months > 6 ? 0.3 : 1 });
    this.#disk = this.firm.bucket ? new Bucket(join(this.#root, 'bucket'), join(this.#root, '.duebook/cache'), START) : new Disk(join(this.#root, 'data/ledger'));
    this.witness = new Witness(options.engine, this.#disk);
    if (this.firm.bucket) tally.add('ledgers in a bucket');
    if (this.firm.sealed) this.#seal();
  }

  /** Keys are made by chance; here they come from the seed, so that two histories of it can be compared. */
  #seal(): void {
    this.witness.secret = /@x\.example|Customer c\d/;
    mkdirSync(join(this.#root, 'keys'));
    for (let i = 0; i < 40; i += 1) writeFileSync(join(this.#root, 'keys', `c${i}.key`), `${sha256(`${this.#plan.seed} ${i}`)}\n`);
  }

  /** To the end, or to the first flaw. */
  async live(): Promise<string[]> {
    try {
      const end = START + this.#plan.months * 30.4 * DAY;
      while (this.#at < end) {
        const chance = new Chance(this.#plan.seed * 1_000_003 + this.steps * 7_919);
        // Sometimes the next run is at the same instant, sometimes nobody runs anything for a long time.
        const stride = chance.percent(6) && this.steps > 0 ? 0 : chance.int(1, 2 * this.#plan.stride) * DAY + chance.int(0, 23) * 3_600_000;
        this.#at += chance.percent(8) ? 3 * stride : stride;
        const flaws = await this.#step(chance);
        if (flaws.length > 0) return flaws.map((flaw) => `step ${this.steps} (${iso(this.#at)}): ${flaw}`);
      }
      // Half of those who give up now and then are left as they stand.
      if (!this.#plan.steady && this.#plan.months < 24 && this.#plan.seed % 2 === 0) return [];
      return (await this.#end()).map((flaw) => `at the end: ${flaw}`);
    } finally {
      this.checks += this.witness.checks;
      if (this.witness.converted > 0) this.#tally.add('converted', this.witness.converted);
      if (this.witness.discounted > 0) this.#tally.add('discounted', this.witness.discounted);
      rmSync(this.#root, { recursive: true, force: true });
    }
  }

  async #step(chance: Chance): Promise<string[]> {
    this.steps += 1;
    const changed = this.firm.goOn(chance, this.#at, this.steps > 1);
    await this.#prepare();
    const command = choose(chance, {
      at: this.#at, firm: this.firm, witness: this.witness, project: this.#project, open: this.#last?.open ?? [], compared: this.#plan.twin,
    });
    this.#options.say?.(`step ${this.steps} ${iso(this.#at)}${changed === '' ? '' : ` (changed: ${changed})`}: ${command.words}`);
    return this.#carryOut(command, chance);
  }

  async #prepare(): Promise<void> {
    await this.#project.configure(this.firm.specAt(this.#at));
    this.witness.terms = this.firm.termsAt(this.#at);
    await this.#project.book(this.firm.exported(this.#at));
  }

  /** Again and again, until it is done or given up. What is wrong meanwhile. */
  async #carryOut(command: Command, chance: Chance, last = false): Promise<string[]> {
    for (let attempt = 1; ; attempt += 1) {
      const calm = attempt > 2;
      const seed = this.#plan.seed * 31 + this.steps * 1_009 + attempt * 17;
      // The rival runs. Where somebody does something else the history without faults has no such run at that instant.
      const rival = command.words.startsWith('forget') || (this.#plan.twin && !command.words.startsWith('run')) ? null : (): Promise<void> => this.#rival(seed);
      // Somebody who tries again waits a little, sometimes not long enough for a lock to run out.
      await this.#disk.passes(attempt === 1 ? DAY : 30_000 + 1000 * (seed % 200));
      const process = this.#process(command.words, calm ? NO_PERILS : this.#perils, seed, rival);
      const before = this.witness.serial;
      const outcome = await this.#execute(command, process);
      const flaws = [...await this.witness.look(), ...this.witness.deliveries(this.post.delivered), ...this.#judge(outcome, process, before)];
      if (flaws.length > 0) return flaws;
      if (outcome !== 'died' && 'done' in outcome) return this.#afterDone(command, outcome.done, chance);
      if (outcome !== 'died' && !/^LEDGER_/.test(outcome.refused)) {
        this.#tally.add(`refused: ${outcome.refused.slice(0, 60).split(' ')[0]!}`);
        // A configuration that is refused is taken back, as people would.
        if (!/^(CONFIG|OVERRIDE|APPROVAL|BOOKING)/.test(outcome.refused)) return [];
        this.firm.takeBack();
        await this.#prepare();
        if (attempt > 5) return [`still refused: ${outcome.refused}`];
      }
      // Who credits looks first whether it was done before the program died.
      if (command.words.startsWith('credit') && this.witness.commits.slice(before).some(({ action }) => action === 'credit')) return [];
      if (!this.#plan.steady && !last && chance.percent(40)) return [];
      if (attempt === 100) return [`"${command.words}" comes to no end: ${JSON.stringify(outcome)}`];
    }
  }

  #process(command: string, perils: Perils, seed: number, rival: (() => Promise<void>) | null): Process {
    return new Process({ disk: this.#disk, post: this.post, seed, perils, tally: this.#tally, command, rival });
  }

  async #execute(command: Command, process: Process): Promise<Outcome> {
    this.commands += 1;
    const world: World = { ...this.#project.world, doors: process.doors(), crash: process.crash() };
    try {
      const done = await command.work(world);
      // Whoever is dead when the lock is given back has done everything.
      return process.dead && this.firm.bucket ? 'died' : { done };
    } catch (error) {
      // The client's own errors are told as findings: that of a dead process is one, too.
      if (process.dead && this.firm.bucket) return 'died';
      // Segments are read several at a time: one may have been out of reach just before the process died of another.
      const beside = error instanceof DuebookError && error.diagnostics.every(({ code }) => code === 'LEDGER_UNREACHABLE');
      if (process.dead && (error instanceof Crash || beside)) return 'died';
      if (process.dead) return { refused: `BUG of a dead process: ${String(error)}` };
      if (error instanceof DuebookError) return { refused: error.diagnostics.map(({ code, message }) => `${code} ${message}`).join('; ') };
      return { refused: `BUG ${error instanceof Error ? error.stack ?? error.message : String(error)}` };
    } finally {
      this.#options.say?.(`    ${process.dead ? 'died' : 'ended'}, serial ${this.#disk.commits}`);
    }
  }

  /** Somebody else runs at the same time and does not see the lock. */
  async #rival(seed: number): Promise<void> {
    this.#tally.add('rival');
    const process = this.#process('rival run', { ...NO_PERILS }, seed + 1, null);
    const outcome = await this.#execute({ words: 'rival run', work: (world) => run(world, { as_of: iso(this.#at), threads: 1 }) }, process);
    if (outcome !== 'died' && 'refused' in outcome) this.#tally.add(`rival refused: ${outcome.refused.split(' ')[0]!}`);
  }

  /** Whether a command may have ended so. */
  #judge(outcome: Outcome, process: Process, before: number): string[] {
    this.checks += 1;
    if (outcome === 'died') return [];
    if ('done' in outcome) return process.dead ? ['a dead process came to its end'] : [];
    const { refused } = outcome;
    this.#options.say?.(`    refused: ${refused.slice(0, 300)}`);
    if (refused.startsWith('LEDGER_LOCKED') && this.#disk.isHeld) {
      this.#tally.add('bucket: lock of a dead process believed');
      return [];
    }
    if (/^(BUG|LEDGER_STORE_UNSAFE|LEDGER_DAMAGED|LEDGER_FOREIGN|LEDGER_NEWER|LEDGER_LOCKED|BOOKINGS_UNACCOUNTED|BOOKING_DUPLICATE|AS_OF)/.test(refused)) return [refused];
    if (/^LEDGER_MOVED/.test(refused)) {
      this.#tally.add('refused: LEDGER_MOVED');
      const left = this.witness.strays().filter((key) => process.wrote.includes(key));
      return left.length === 0 ? [] : [`the loser left ${left.join(', ')}`];
    }
    if (/^LEDGER_UNREACHABLE/.test(refused)) return [];
    const made = this.witness.serial - before - process.came;
    return made === 0 || process.rival !== null ? [] : [`refused (${refused}), and yet ${made} commits were made`];
  }

  async #afterDone(command: Command, done: unknown, chance: Chance): Promise<string[]> {
    const flaws: string[] = [];
    if (command.words === 'ledger compact') this.#tally.add('compacted');
    const commits = /^(run|confirm|invoice|send|cancel|credit|forget)/.test(command.words);
    if (commits) flaws.push(...this.#headOf(done as RunResult));
    if (command.words.startsWith('run')) {
      this.#last = done as RunResult;
      if (this.#last.parked.some(withoutRate)) this.#tally.add('parked without a rate');
      this.firm.accepted();
      this.checks += 2;
      flaws.push(...accounted(this.firm, this.#at, this.#last));
      if (chance.percent(7)) flaws.push(...await this.#again(command));
    }
    if (chance.percent(4)) flaws.push(...await this.#proof(commits));
    return flaws;
  }

  /** What a command says of the ledger is what is there. */
  #headOf({ head }: RunResult): string[] {
    this.checks += 1;
    return head.serial === this.witness.serial && head.sha256 === this.witness.headHash ? [] : [`it says serial ${head.serial}, the ledger stands at ${this.witness.serial}`];
  }

  /** For the same as-of nothing is left to do. */
  async #again(command: Command): Promise<string[]> {
    const before = this.witness.serial;
    await this.#disk.passes(DAY);
    const outcome = await this.#execute(command, this.#process(command.words, NO_PERILS, 1, null));
    this.checks += 1;
    const flaws = await this.witness.look();
    if (outcome === 'died' || 'refused' in outcome) return [...flaws, `the same run again: ${JSON.stringify(outcome)}`];
    const more = this.witness.commits.slice(before).map(({ action }) => action);
    return more.length === 0 ? flaws : [...flaws, `the same run again made ${more.length} commits: ${more.join(', ')}`];
  }

  /**
   * The program's own proof, the history against a rebuild included. What may commit brings the history up to date before it ends, whatever
   * died before; after anything else it may be behind, and there is none before the first of those has come to its end.
   */
  async #proof(published = true): Promise<string[]> {
    const keys = this.firm.sealed ? openKeyFolder(join(this.#root, 'keys'), 'keys') : null;
    const ledger = await openLedger(this.#process('verify', NO_PERILS, 1, null).doors().store(this.firm.bucket ? BUCKET : 'data/ledger'), { tool_version: '0.1.0', keys });
    if (ledger.serial === 0) return [];
    const engine = await Engine.open({ threads: 1 });
    try {
      this.#tally.add('proved');
      const path = join(this.#root, 'history.duckdb');
      const { diagnostics, checks } = await verifyLedger(engine, ledger, published || existsSync(path) ? path : null);
      this.checks += checks.length;
      const stands = published ? (await readHistoryMeta(path))?.serial ?? 'none' : ledger.serial;
      if (stands !== ledger.serial) return [`the history stands at ${stands}, the ledger at ${ledger.serial}`];
      // What a dead process left aside is told as a warning.
      return diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `verify: ${code} ${message}`);
    } finally {
      await engine.close();
    }
  }

  /** All that held anything up is lifted and time goes by: every booking is billed as it is, or as it was when it was billed. */
  async #end(): Promise<string[]> {
    this.firm.letGo();
    const chance = new Chance(this.#plan.seed + 3);
    const [known, since] = [this.witness.serial, this.#at];
    for (let round = 1; ; round += 1) {
      this.steps += 1;
      this.#at += (this.#plan.months > 6 ? 130 : 50) * DAY;
      const given = { as_of: iso(this.#at), threads: 1 };
      await this.#prepare();
      const flaws = await this.#carryOut({ words: 'run, the last', work: (world) => run(world, given) }, chance, true);
      // What was opened to be confirmed by hand stays so.
      const byHand = (this.#last?.open ?? []).filter(({ auto_confirm }) => !auto_confirm);
      if (flaws.length > 0) return flaws;
      // The longest period has ended, and the next one has begun.
      const over = this.#at - (this.#plan.months > 6 ? 100 : 40) * DAY;
      const waits = (this.#last?.parked ?? []).some(withoutRate) || isFreedLately(this.firm, this.witness, { at: this.#at, over });
      if ((byHand.length === 0 && !waits) || round === 3) {
        this.checks += this.firm.lives.length;
        const wrong = settled(this.firm, this.witness, { at: this.#at, over, known, since });
        if (wrong.length > 0) return wrong;
        // Who it is does not depend on how often something had to be repeated before.
        return this.firm.sealed ? this.#forget(new Chance(this.#plan.seed + 5)) : chance.percent(20) || this.witness.commits.some(({ action }) => action === 'credit') ? this.#proof() : [];
      }
      for (const { batch_id: batch } of byHand) {
        const wrong = await this.#carryOut({ words: `confirm ${batch}, the last`, work: (world) => confirm(world, { ...given, batch, customers: [] }) }, chance, true);
        if (wrong.length > 0) return wrong;
      }
    }
  }

  /** When nothing has to be kept any more somebody leaves and is forgotten: no trace of them is left, and the ledger is as whole as before. */
  async #forget(chance: Chance): Promise<string[]> {
    const billed = new Set([...this.witness.invoices.values()].map(({ customer }) => customer));
    const known = this.firm.customerIds.filter((id) => billed.has(id));
    if (known.length === 0) return [];
    const customer = chance.pick(known);
    this.firm.leaves(customer);
    this.#at = Date.UTC(new Date(this.#at).getUTCFullYear() + 1, 0, 2);
    this.steps += 1;
    await this.#prepare();
    const given = { as_of: iso(this.#at), threads: 1, customer, reason: 'Request 17', dry_run: false };
    const flaws = await this.#carryOut({ words: `forget ${customer}`, work: (world) => forget(world, given) }, chance, true);
    if (flaws.length > 0) return flaws;
    this.checks += 2;
    this.#tally.add('forgotten');
    if (existsSync(join(this.#root, 'keys', `${customer}.key`))) return [`the key of ${customer} is still there`];
    const found = await traces(this.#options.engine, this.#root, customer);
    return found.length > 0 ? found : this.#proof();
  }
}
