/**
 * A disk, a post office and processes that die, all made up: every outcome is decided by the seed. The disk keeps the promises of
 * ObjectStore (what is created once stands, whole or not at all) and nothing else; a process that has died can do nothing any more.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Doors } from '../../src/run/world.js';
import { DuebookError, problem } from '../../src/values/diagnostic.js';
import { sha256 } from '../../src/values/digest.js';
import type { CrashPoints } from '../../src/world/crash-points.js';
import type { Mailer, ObjectStore, OutgoingMessage, SendOutcome } from '../../src/world/types.js';
import { Chance } from './chance.js';

/** The process is dead. No finding of the program: nobody may handle it. */
export class Crash extends Error {}

/** How often what happens: of a hundred writes, of a hundred readings, of a hundred named points between, of a hundred attempts at a delivery. */
export interface Perils { readonly write: number; readonly read: number; readonly point: number; readonly post: number; readonly rival: number }

export const NO_PERILS: Perils = { write: 0, read: 0, point: 0, post: 0, rival: 0 };

/** What happened to whom, counted. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(what: string, n = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + n);
  }
}

/** What is on the disk; it outlives every process. Segments are files, for the engine reads them; the rest is in memory. */
export class Disk {
  readonly folder: string;
  readonly objects = new Map<string, Buffer | 'file'>();
  holder: { readonly process: Process; readonly owner: string } | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(key: string): string {
    return join(this.folder, key);
  }

  bytes(key: string): Buffer | null {
    const found = this.objects.get(key);
    return found === undefined ? null : found === 'file' ? readFileSync(this.path(key)) : found;
  }

  keys(): string[] {
    return [...this.objects.keys()].sort();
  }

  /** How many commits there are. */
  get commits(): number {
    return [...this.objects.keys()].filter((key) => key.startsWith('commits/')).length;
  }

  /** The ledger's store, as a process sees it. */
  store(process: Process, name: string): ObjectStore {
    return new ProcessStore(process, name);
  }

  /** Time goes by, in milliseconds; a disk does not mind. */
  async passes(_ms: number): Promise<void> {
    return Promise.resolve();
  }

  /** Whether a lock may keep people waiting though nobody works. */
  get isHeld(): boolean {
    return false;
  }
}

/** One delivery, as the people who got it know it. */
export interface Delivered { readonly message_id: string; readonly attempt: number; readonly told: string; readonly commands: string; readonly content: string }

/** Where messages go. What left, left, whatever became of the process that sent it. */
export class Post {
  readonly delivered: Delivered[] = [];
  readonly attempts = new Map<string, number>();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Chance of one attempt at one message: the same in every history of the same seed. */
  chanceOf(id: string): { attempt: number; chance: Chance } {
    const attempt = (this.attempts.get(id) ?? 0) + 1;
    this.attempts.set(id, attempt);
    return { attempt, chance: new Chance(Number.parseInt(sha256(`${this.#seed} ${id} ${attempt}`).slice(0, 8), 16)) };
  }
}

/** One running program with its own luck. */
export class Process {
  readonly chance: Chance;
  readonly seed: number;
  /** How often it made which request. */
  readonly requests = new Map<string, number>();
  readonly perils: Perils;
  readonly disk: Disk;
  readonly post: Post;
  readonly tally: Tally;
  /** What it was started to do, for the delivery's record. */
  readonly command: string;
  /** Keys it wrote. */
  readonly wrote: string[] = [];
  /** How many commits of those before it came to the store when it was opened, long after they were given up. */
  came = 0;
  /** Somebody who does not see the lock; called before a serial is taken. */
  readonly rival: (() => Promise<void>) | null;
  dead = false;
  /** Its answer may not have come though it was done. */
  unsure = false;

  constructor(made: { disk: Disk; post: Post; seed: number; perils: Perils; tally: Tally; command: string; rival?: (() => Promise<void>) | null }) {
    this.disk = made.disk;
    this.post = made.post;
    this.chance = new Chance(made.seed);
    this.seed = made.seed;
    this.perils = made.perils;
    this.tally = made.tally;
    this.command = made.command;
    this.rival = made.rival ?? null;
  }

  doors(): Doors {
    return { store: (name) => this.disk.store(this, name), mailer: () => new ProcessMailer(this), webhook: ({ id, body }) => Promise.resolve(deliver(this, id, sha256(body), [])) };
  }

  /** Between two steps of the program that are not steps of the store: sending, publishing. */
  crash(): CrashPoints {
    return {
      reached: (name) => {
        this.alive();
        if (this.chance.percent(this.perils.point)) this.die(`at ${name}`);
      },
    };
  }

  alive(): void {
    if (this.dead) throw new Crash('dead already');
  }

  die(where: string): never {
    this.dead = true;
    this.tally.add(`died ${where}`);
    throw new Crash(where);
  }
}

type Peril = 'none' | 'before' | 'after' | 'torn' | 'refused' | 'answer lost';

class ProcessStore implements ObjectStore {
  readonly name: string;
  readonly #process: Process;

  constructor(process: Process, name: string) {
    this.#process = process;
    this.name = name;
  }

  async get(key: string): Promise<Buffer | null> {
    this.#reading(`get ${kindOf(key)}`, key);
    return Promise.resolve(this.#process.disk.bytes(key));
  }

  async create(key: string, bytes: Buffer): Promise<'created' | 'exists'> {
    if (key.startsWith('commits/')) await this.#rival();
    return this.#created(key, (disk) => void disk.objects.set(key, Buffer.from(bytes)));
  }

  async createFromFile(key: string, path: string): Promise<'created' | 'exists'> {
    return Promise.resolve(this.#created(key, (disk) => {
      mkdirSync(dirname(disk.path(key)), { recursive: true });
      copyFileSync(path, disk.path(key));
      disk.objects.set(key, 'file');
    }));
  }

  async replace(key: string, bytes: Buffer): Promise<void> {
    this.#writing('replace', key, (disk) => void disk.objects.set(key, Buffer.from(bytes)));
    return Promise.resolve();
  }

  async list(prefix: string): Promise<string[]> {
    this.#reading('list', prefix);
    return Promise.resolve(this.#process.disk.keys().filter((key) => key.startsWith(prefix)));
  }

  async remove(key: string): Promise<void> {
    this.#writing('remove', key, (disk) => {
      if (disk.objects.get(key) === 'file') unlinkSync(disk.path(key));
      disk.objects.delete(key);
    });
    return Promise.resolve();
  }

  async localPath(key: string): Promise<string> {
    const { disk } = this.#process;
    this.#reading('read a segment', key);
    if (disk.objects.get(key) instanceof Buffer && !existsSync(disk.path(key))) {
      mkdirSync(dirname(disk.path(key)), { recursive: true });
      writeFileSync(disk.path(key), disk.objects.get(key) as Buffer);
    }
    return Promise.resolve(disk.path(key));
  }

  async lock(owner: string): Promise<{ release(): Promise<void> } | { holder: string }> {
    this.#reading('lock', 'LOCK');
    const { disk } = this.#process;
    const process = this.#process;
    // Who does not see the lock sits on another host, or waited longer than the lock's time.
    const blind = process.command.startsWith('rival');
    if (disk.holder !== null && !disk.holder.process.dead && !blind) return Promise.resolve({ holder: disk.holder.owner });
    if (disk.holder?.process.dead === true) process.tally.add('lock of a dead process taken over');
    const mine = { process, owner };
    if (!blind) disk.holder = mine;
    return Promise.resolve({
      release: async () => {
        process.alive();
        if (disk.holder === mine) disk.holder = null;
        return Promise.resolve();
      },
    });
  }

  async prove(): Promise<void> {
    return Promise.resolve();
  }

  #reading(what: string, key: string): void {
    const process = this.#process;
    process.alive();
    if (!process.chance.percent(process.perils.read)) return;
    if (process.chance.percent(70)) process.die(`at ${what}`);
    process.tally.add(`unreachable at ${what}`);
    unreachable(this.name, key);
  }

  #created(key: string, work: (disk: Disk) => void): 'created' | 'exists' {
    const process = this.#process;
    process.alive();
    if (process.disk.objects.has(key)) {
      process.tally.add(`exists already: ${kindOf(key)}`);
      return 'exists';
    }
    const lost = this.#writing('create', key, (disk) => {
      work(disk);
      process.wrote.push(key);
    });
    // The client asked again by itself, and found its own.
    return lost ? 'exists' : 'created';
  }

  /** true: it is done, and the answer says that somebody else had done it. */
  #writing(what: string, key: string, work: (disk: Disk) => void): boolean {
    const process = this.#process;
    process.alive();
    const where = `${what} ${kindOf(key)}`;
    const peril = this.#peril(what === 'create');
    if (peril === 'torn') process.die(`while writing, at ${where}`);
    if (peril === 'before') process.die(`before ${where}`);
    if (peril === 'refused') {
      process.tally.add(`unreachable at ${where}`);
      unreachable(this.name, key);
    }
    work(process.disk);
    if (peril === 'after') process.die(`after ${where}`);
    if (peril === 'answer lost') {
      process.tally.add(`answer lost at ${where}`);
      process.unsure = true;
      if (process.chance.percent(50)) return true;
      unreachable(this.name, key);
    }
    return false;
  }

  #peril(creates: boolean): Peril {
    const { chance, perils } = this.#process;
    if (!chance.percent(perils.write)) return 'none';
    return chance.pick<Peril>(['before', 'before', 'after', 'after', 'torn', 'refused', creates ? 'answer lost' : 'after']);
  }

  async #rival(): Promise<void> {
    const process = this.#process;
    process.alive();
    if (process.rival === null || !process.chance.percent(process.perils.rival)) return;
    await process.rival();
  }
}

function unreachable(name: string, key: string): never {
  throw new DuebookError([problem('LEDGER_UNREACHABLE', `Cannot reach ${name}/${key}.`, { hint: 'run again' })]);
}

function kindOf(key: string): string {
  return key.startsWith('commits/') ? 'a commit' : key.startsWith('segments/') ? 'a segment' : key;
}

class ProcessMailer implements Mailer {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  async send(message: OutgoingMessage): Promise<SendOutcome> {
    const { from, to, subject, text, html } = message;
    const content = sha256(JSON.stringify([from, to, subject, text, html]));
    return Promise.resolve(deliver(this.#process, message.message_id.replace(/@.*$/, ''), content, to));
  }

  async check(): Promise<string | null> {
    return Promise.resolve(null);
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One attempt. Whether it arrived and what the sender hears of it are two things. */
function deliver(process: Process, id: string, content: string, to: readonly string[]): SendOutcome {
  process.alive();
  const { attempt, chance } = process.post.chanceOf(id);
  const arrived = (told: string): void => {
    process.tally.add('delivered');
    process.post.delivered.push({ message_id: id, attempt, told, commands: process.command, content });
  };
  const sent = { status: 'sent', sha256: content, refused: [] } as const;
  if (!chance.percent(process.perils.post)) {
    arrived('sent');
    return sent;
  }
  const peril = chance.pick(['for now', 'for now', 'for good', 'unheard', 'unheard, not arrived', 'refused', 'dies before', 'dies after'] as const);
  if (peril === 'dies before') process.die('before a delivery');
  if (peril === 'dies after') {
    arrived('nothing');
    process.die('after a delivery');
  }
  process.tally.add(`post: ${peril}`);
  if (peril === 'for now') return { status: 'failed', error: '451 later', permanent: false };
  if (peril === 'for good') return { status: 'failed', error: '550 no such user', permanent: true };
  if (peril === 'refused') {
    arrived('sent');
    return { ...sent, refused: to.slice(1) };
  }
  if (peril === 'unheard') arrived('uncertain');
  return { status: 'uncertain', error: 'no answer after the message was handed over' };
}
