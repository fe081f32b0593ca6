/**
 * The object store in an S3-compatible bucket. The service makes an object appear whole or not at all; what may be created only
 * once is written with `If-None-Match: *`. Objects that the database reads are kept in a local folder.
 */
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { BucketAddress } from '../values/bucket.js';
import { noCrashPoints, toldLock } from './crash-points.js';
import type { CrashPoints } from './crash-points.js';
import { processName } from './process-name.js';
import { BucketObjects } from './s3-client.js';
import type { Body, BucketDoors, BucketTimeouts } from './s3-client.js';
import { CREATES_TWICE, REPLACES_STALE, unsafe } from './s3-errors.js';
import { LEASE_KEY, takeLease } from './s3-lease.js';
import type { ObjectStore } from './types.js';

/** Larger files are streamed, which the client cannot repeat by itself. */
const WHOLE = 64 * 1024 * 1024;
const DOWNLOADS = 16;

export interface BucketOptions {
  /** The environment, for credentials, region and endpoint. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute folder for downloaded objects; may be deleted at any time. */
  readonly cache: string;
  readonly crash?: CrashPoints;
  readonly timeouts?: Partial<BucketTimeouts>;
  /** How long a lock without renewal is believed, in milliseconds. */
  readonly lease_ms?: number;
  /** What lies below a bucket that is made up; absent: the official client. */
  readonly doors?: BucketDoors;
}

/** Opens the store at an address. Nothing is asked of the network before the first use. */
export function openBucketStore(address: BucketAddress, options: BucketOptions): ObjectStore {
  return new BucketStore(address, options);
}

class BucketStore implements ObjectStore {
  readonly name: string;
  readonly #objects: BucketObjects;
  readonly #options: BucketOptions;
  readonly #crash: CrashPoints;
  readonly #limit = pLimit(DOWNLOADS);

  constructor(address: BucketAddress, options: BucketOptions) {
    this.name = address.name;
    this.#objects = new BucketObjects(address, options.env, options.timeouts, options.doors);
    this.#options = options;
    this.#crash = options.crash ?? noCrashPoints;
  }

  async get(key: string): Promise<Buffer | null> {
    return (await this.#objects.get(key))?.bytes ?? null;
  }

  create(key: string, bytes: Buffer): Promise<'created' | 'exists'> {
    return this.#create(key, bytes);
  }

  async createFromFile(key: string, path: string): Promise<'created' | 'exists'> {
    const { size } = await stat(path);
    return this.#create(key, size <= WHOLE ? await readFile(path) : { path, bytes: size });
  }

  async replace(key: string, bytes: Buffer): Promise<void> {
    this.#crash.reached('store: about to replace', key);
    await this.#objects.put(key, bytes, null);
    this.#crash.reached('store: replaced', key);
  }

  async list(prefix: string): Promise<string[]> {
    const keys = await this.#objects.list(prefix);
    return keys.filter((key) => key !== LEASE_KEY && key.split('/').every((part) => part !== '' && !part.startsWith('.'))).sort();
  }

  remove(key: string): Promise<void> {
    return this.#objects.remove(key);
  }

  /** Objects that are read in this way never change, so what was downloaded once is used again, unless it has to be fresh. */
  localPath(key: string, fresh = false): Promise<string> {
    const path = join(this.#options.cache, ...key.split('/'));
    return this.#limit(async () => {
      if (!fresh && await stat(path).then(() => true, () => false)) return path;
      // Missing there is missing here: who reads the path finds out.
      if (!await this.#objects.download(key, path)) await rm(path, { force: true });
      return path;
    });
  }

  async lock(owner: string): Promise<{ release(): Promise<void> } | { holder: string }> {
    this.#crash.reached('lock: about to take');
    return toldLock(this.#crash, await takeLease(this.#objects, owner, this.#options.lease_ms));
  }

  async prove(): Promise<void> {
    const { address } = this.#objects;
    const key = `.probe/${processName().text}`;
    await this.#objects.remove(key);
    try {
      const first = await this.#objects.put(key, Buffer.from('first'), { absent: true });
      if (first === null) throw unsafe(address, 'it refuses to create an object that is not there');
      if (await this.#objects.put(key, Buffer.from('second'), { absent: true }) !== null) throw unsafe(address, CREATES_TWICE);
      if ((await this.get(key))?.toString() !== 'first') throw unsafe(address, 'it does not give back what was written last');
      const next = await this.#objects.put(key, Buffer.from('third'), { etag: first });
      if (next === null) throw unsafe(address, 'it refuses to replace an object by its own ETag');
      if (await this.#objects.put(key, Buffer.from('fourth'), { etag: first }) !== null) throw unsafe(address, REPLACES_STALE);
      if ((await this.get(key))?.toString() !== 'third') throw unsafe(address, 'it does not give back what was written last');
      if (!(await this.#objects.list('.probe/')).includes(key)) throw unsafe(address, 'it does not list what was written');
    } finally {
      await this.#objects.remove(key);
    }
  }

  async #create(key: string, body: Body): Promise<'created' | 'exists'> {
    this.#crash.reached('store: about to create', key);
    const etag = await this.#objects.put(key, body, { absent: true });
    if (etag === null) return 'exists';
    this.#crash.reached('store: created', key);
    return 'created';
  }
}
