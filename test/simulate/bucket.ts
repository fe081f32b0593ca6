/**
 * A bucket that is made up, below the S3 client's `send`: what runs above it is the real store with its conditions, its lease and its
 * ways out of lost answers. It keeps what S3 promises and nothing else: objects appear whole, conditions hold, a list comes in pages.
 * Requests are lost, answered late or by a fault, carried out twice, or long after the client has given up; the clock is its own.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import * as sdk from '@aws-sdk/client-s3';
import { readBucketAddress } from '../../src/values/bucket.js';
import { sha256 } from '../../src/values/digest.js';
import type { BucketDoors } from '../../src/world/s3-client.js';
import { LEASE_KEY, LEASE_MS } from '../../src/world/s3-lease.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { Chance } from './chance.js';
import { Disk } from './disk.js';
import type { Process } from './disk.js';

/** What a firm whose ledger is in a bucket calls it. */
export const BUCKET = 's3://ledgers/firm';

/** Keys of a page; a service has a thousand. */
const PAGE = 5;
/** The client asks so often before it gives up. */
const ATTEMPTS = 4;

/** What becomes of a request that writes. */
const WRITES = [
  'dies before', 'dies after', 'dies while writing', 'busy', 'fault, not done', 'fault, done', 'answer lost, asked again', 'answer lost', 'arrives late', 'made twice',
  'asked twice', 'conflict',
] as const;
/** What becomes of one that reads. */
const READS = ['dies', 'dies', 'busy', 'no answer', 'breaks off', 'asked twice'] as const;

interface Input { readonly Bucket: string; readonly Key?: string; readonly Prefix?: string; readonly ContinuationToken?: string; readonly Body?: Buffer; readonly Metadata?: Record<string, string>; readonly IfNoneMatch?: string; readonly IfMatch?: string }
interface Command { readonly input: Input }
interface State { readonly etag: string; readonly metadata: Record<string, string>; readonly written: number }
interface Timer { at: number; readonly ms: number; readonly work: () => void; readonly process: Process }
type Answer = Readonly<Record<string, unknown>>;

export class Bucket extends Disk {
  /** The service's clock, in milliseconds. */
  now: number;
  readonly #cache: string;
  readonly #states = new Map<string, State>();
  readonly #timers = new Set<Timer>();
  readonly #paused = new Set<Process>();
  /** Requests that are still on their way. */
  #late: (() => void)[] = [];

  /** `folder`: where the bytes of segments are; `cache`: where those who use it keep what they downloaded. */
  constructor(folder: string, cache: string, now: number) {
    super(folder);
    this.#cache = cache;
    this.now = now;
  }

  /** A rival runs on another machine. */
  override store(process: Process, name: string): ObjectStore {
    const late = this.#late;
    this.#late = [];
    const before = this.commits;
    for (const arrive of late) {
      process.tally.add('bucket: arrived late');
      arrive();
    }
    process.came += this.commits - before;
    const address = readBucketAddress(name);
    if ('flaw' in address) throw new Error(address.flaw);
    const cache = join(this.#cache, process.command.startsWith('rival') ? 'there' : 'here');
    return openBucketStore(address, { env: {}, cache, doors: this.#doors(process), crash: process.crash() });
  }

  /** Time goes by; who has a lease renews it, unless their machine stands still. */
  override async passes(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at, process }) => at <= until && !process.dead && !this.#paused.has(process)).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.now = Math.max(this.now, due.at);
      due.at = this.now + due.ms;
      due.process.tally.add('bucket: renewed');
      due.work();
      // A renewal is over before time goes on: nothing of it waits for anything but other promises.
      await new Promise(setImmediate);
    }
    this.now = Math.max(this.now, until);
  }

  /** Whether somebody may have to wait: the lease is not free, and not old enough to be taken over. */
  override get isHeld(): boolean {
    const bytes = this.bytes(LEASE_KEY);
    if (bytes === null) return false;
    return (JSON.parse(bytes.toString()) as { owner: string | null }).owner !== null && this.now - this.#states.get(LEASE_KEY)!.written < LEASE_MS + 1000;
  }

  override keys(): string[] {
    return super.keys().filter((key) => key !== LEASE_KEY);
  }

  #doors(process: Process): BucketDoors {
    const client = { send: (command: Command) => this.#send(process, command) };
    return {
      connect: () => Promise.resolve({ sdk, client } as unknown as Awaited<ReturnType<BucketDoors['connect']>>),
      pause: (ms) => this.passes(ms),
      every: (ms, work) => {
        const timer = { at: this.now + ms, ms, work, process };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    };
  }

  async #send(process: Process, command: Command): Promise<Answer> {
    process.alive();
    const { key, writes } = about(command);
    if (command instanceof sdk.PutObjectCommand && key.startsWith('commits/')) await this.#rival(process);
    const what = `${command.constructor.name.replace('Command', '')} ${kindOf(key)}`;
    const chance = this.#chanceOf(process, `${what} ${key}`);
    // Now and then an answer takes long.
    await this.passes(chance.percent(5) ? chance.int(20_000, 50_000) : chance.int(5, 200));
    process.alive();
    const { write, read } = process.perils;
    // The lease is asked for all the time.
    const of = key === LEASE_KEY ? 4 : 1;
    if (!chance.percent(writes ? write : read) || !chance.percent(100 / of)) return this.#carryOut(process, command, 1);
    return writes ? this.#writing(process, command, what, chance) : this.#reading(process, command, what, chance);
  }

  #writing(process: Process, command: Command, what: string, chance: Chance): Answer {
    const conditional = command.input.IfNoneMatch !== undefined || command.input.IfMatch !== undefined;
    const peril = chance.pick(WRITES.filter((each) => each !== 'conflict' || conditional));
    if (peril === 'dies before' || peril === 'dies while writing') process.die(`${peril.slice(5)} ${what}`);
    process.tally.add(`bucket: ${peril} at ${what}`);
    if (peril === 'busy') throw fault('SlowDown', 503);
    if (peril === 'conflict') throw fault('ConditionalRequestConflict', 409, 1);
    if (peril === 'fault, not done') throw fault('InternalError', 500);
    if (peril === 'arrives late') {
      this.#late.push(() => void this.#tried(process, command));
      throw fault('TimeoutError', null);
    }
    if (peril === 'asked twice') return this.#carryOut(process, command, 2);
    this.#tried(process, command);
    if (peril === 'dies after') process.die(`after ${what}`);
    if (peril === 'fault, done') throw fault('InternalError', 500);
    if (peril === 'answer lost') throw fault('TimeoutError', null);
    return this.#carryOut(process, command, peril === 'made twice' ? 1 : 2);
  }

  #reading(process: Process, command: Command, what: string, chance: Chance): Answer {
    const peril = chance.pick(READS);
    if (peril === 'dies') process.die(`at ${what}`);
    process.tally.add(`bucket: ${peril} at ${what}`);
    if (peril === 'busy') throw fault('ServiceUnavailable', 503);
    if (peril === 'no answer') throw fault('TimeoutError', null);
    if (peril === 'breaks off' && command instanceof sdk.GetObjectCommand) {
      const answer = this.#carryOut(process, command, 1);
      return { ...answer, Body: bodyOf(this.bytes(about(command).key)!, true) };
    }
    return this.#carryOut(process, command, 2);
  }

  /** Done, or refused; nobody hears of it. */
  #tried(process: Process, command: Command): void {
    try {
      this.#carryOut(process, command, 1);
    } catch (error) {
      if (!(error instanceof sdk.S3ServiceException)) throw error;
    }
  }

  #carryOut(process: Process, command: Command, attempts: number): Answer {
    const { key } = about(command);
    const meta = { $metadata: { httpStatusCode: 200, attempts, date: new Date(this.now).toUTCString() } };
    if (command instanceof sdk.PutObjectCommand) return { ...meta, ETag: this.#put(process, command, attempts) };
    if (command instanceof sdk.DeleteObjectCommand) {
      this.#delete(key);
      return meta;
    }
    if (command instanceof sdk.ListObjectsV2Command) return { ...meta, ...this.#list(key, command.input.ContinuationToken) };
    const state = this.#states.get(key);
    const head = command instanceof sdk.HeadObjectCommand;
    if (state === undefined) throw fault(head ? 'NotFound' : 'NoSuchKey', 404, attempts);
    const found = { ...meta, ETag: state.etag, Metadata: state.metadata, LastModified: new Date(Math.floor(state.written / 1000) * 1000) };
    return head ? found : { ...found, Body: bodyOf(this.bytes(key)!, false) };
  }

  #put(process: Process, { input }: Command, attempts: number): string {
    const key = nameOf(input.Key!);
    const state = this.#states.get(key);
    if (input.IfNoneMatch !== undefined && state !== undefined) {
      process.tally.add(`exists already: ${kindOf(key)}`);
      throw fault('PreconditionFailed', 412, attempts);
    }
    if (input.IfMatch !== undefined && state === undefined) throw fault('NoSuchKey', 404, attempts);
    if (input.IfMatch !== undefined && state!.etag !== input.IfMatch) throw fault('PreconditionFailed', 412, attempts);
    const bytes = Buffer.from(input.Body!);
    if (key.endsWith('.parquet')) {
      mkdirSync(dirname(this.path(key)), { recursive: true });
      writeFileSync(this.path(key), bytes);
    }
    if (key === LEASE_KEY && state !== undefined && input.IfMatch !== undefined) this.#told(process, bytes);
    this.objects.set(key, key.endsWith('.parquet') ? 'file' : bytes);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    this.#states.set(key, { etag, metadata: input.Metadata ?? {}, written: this.now });
    if (key !== LEASE_KEY) process.wrote.push(key);
    return etag;
  }

  /** Counts a lease that changes hands though nobody gave it back. */
  #told(process: Process, bytes: Buffer): void {
    const [before, after] = [this.bytes(LEASE_KEY)!, bytes].map((each) => (JSON.parse(each.toString()) as { owner: string | null }).owner);
    if (before != null && after != null && before !== after) process.tally.add('bucket: lease taken over');
  }

  #delete(key: string): void {
    if (this.objects.get(key) === 'file') unlinkSync(this.path(key));
    this.objects.delete(key);
    this.#states.delete(key);
  }

  #list(prefix: string, after = ''): Answer {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, PAGE);
    return { Contents: page.map((key) => ({ Key: fullOf(key) })), ...(keys.length > PAGE ? { IsTruncated: true, NextContinuationToken: page.at(-1)! } : { IsTruncated: false }) };
  }

  /** Their machine stands still until the lease has run out, and somebody else takes it. */
  async #rival(process: Process): Promise<void> {
    if (process.rival === null || !process.chance.percent(process.perils.rival)) return;
    this.#paused.add(process);
    await this.passes(LEASE_MS + 5_000);
    await process.rival();
    this.#paused.delete(process);
  }

  /** The same for the same request, in whatever order several are made at once. */
  #chanceOf(process: Process, request: string): Chance {
    const n = (process.requests.get(request) ?? 0) + 1;
    process.requests.set(request, n);
    return new Chance(Number.parseInt(sha256(`${process.seed} ${request} ${n}`).slice(0, 8), 16));
  }
}

const PREFIX = 'firm/';
const nameOf = (key: string): string => key.slice(PREFIX.length);
const fullOf = (key: string): string => PREFIX + key;

function about(command: Command): { key: string; writes: boolean } {
  const writes = command instanceof sdk.PutObjectCommand || command instanceof sdk.DeleteObjectCommand;
  return { key: nameOf(command.input.Key ?? command.input.Prefix!), writes };
}

/** An error as the client throws it; without a status no answer came. */
function fault(name: string, status: number | null, attempts = ATTEMPTS): Error {
  const $metadata = { attempts, ...(status === null ? {} : { httpStatusCode: status }) };
  if (status === null) return Object.assign(new Error(name), { name, $metadata });
  return new sdk.S3ServiceException({ name, $fault: status < 500 ? 'client' : 'server', message: name, $metadata });
}

function bodyOf(bytes: Buffer, breaks: boolean): Readable {
  const lost = (): Error => Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  const stream = Readable.from((function* parts() {
    yield breaks ? bytes.subarray(0, bytes.length >> 1) : bytes;
    if (breaks) throw lost();
  })());
  return Object.assign(stream, { transformToByteArray: () => (breaks ? Promise.reject(lost()) : Promise.resolve(new Uint8Array(bytes))) });
}

function kindOf(key: string): string {
  return key.startsWith('commits/') ? 'a commit' : key.startsWith('segments/') ? 'a segment' : key === '' ? 'all' : key;
}
