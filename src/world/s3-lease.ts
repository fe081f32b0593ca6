/**
 * The advisory lock of a store in a bucket: an object `LOCK` that says who has it, renewed while the run works. Who finds it without
 * renewal for a while takes it over, so a run that died keeps nobody out. It spares people a lost race; what keeps the ledger whole
 * is that a serial can be created only once. Taking it proves, on every run, that the bucket honours conditions.
 */
import { DuebookError } from '../values/diagnostic.js';
import { processName } from './process-name.js';
import type { BucketObjects } from './s3-client.js';
import { CREATES_TWICE, REPLACES_STALE, unsafe } from './s3-errors.js';

export const LEASE_KEY = 'LOCK';

/** Without renewal for so long it may be taken over; renewed four times as often. */
export const LEASE_MS = 120_000;

interface Holder {
  /** Null: nobody has it. */
  readonly owner: string | null;
  readonly host: string;
  readonly process: string;
}

const NO_ETAG = '"00000000000000000000000000000000"';

/** Takes the lease for `owner`, or says in words who has it. Throws LEDGER_STORE_UNSAFE, LEDGER_UNREACHABLE. */
export async function takeLease(
  objects: BucketObjects, owner: string, lease_ms: number = LEASE_MS,
): Promise<{ release(): Promise<void> } | { holder: string }> {
  const { host, text } = processName();
  const words = encode({ owner, host, process: text });
  for (;;) {
    const found = await objects.get(LEASE_KEY);
    const etag = found === null ? await objects.put(LEASE_KEY, words, { absent: true }) : null;
    if (etag !== null) {
      await proveConditions(objects);
      return keep(objects, words, etag, lease_ms);
    }
    if (found === null) continue;
    const holder = decode(found.bytes);
    const { age_ms: age } = found.state;
    if (holder !== null && holder.owner !== null && !processName().isDead(holder.process) && (age === null || age < lease_ms)) {
      const left = age === null ? '' : `, for another ${Math.ceil((lease_ms - age) / 1000)} seconds at least`;
      return { holder: `"${holder.owner}" on ${holder.host}${left}` };
    }
    await proveConditions(objects);
    const taken = await objects.put(LEASE_KEY, words, { etag: found.state.etag });
    if (taken !== null) return keep(objects, words, taken, lease_ms);
  }
}

/** The object stands: creating it again, and replacing another one than it is, must be refused. */
async function proveConditions(objects: BucketObjects): Promise<void> {
  const free = encode({ owner: null, host: '', process: '' });
  if (await objects.put(LEASE_KEY, free, { absent: true }) !== null) throw unsafe(objects.address, CREATES_TWICE);
  if (await objects.put(LEASE_KEY, free, { etag: NO_ETAG }) !== null) throw unsafe(objects.address, REPLACES_STALE);
}

/** Renews the lease until it is released. A lease that was lost is left to who has it now. */
function keep(objects: BucketObjects, words: Buffer, first: string, lease_ms: number): { release(): Promise<void> } {
  let etag: string | null = first;
  let work: Promise<void> = Promise.resolve();
  const write = async (bytes: Buffer): Promise<void> => {
    if (etag === null) return;
    try {
      etag = await objects.put(LEASE_KEY, bytes, { etag });
    } catch (error) {
      // Out of reach for now: the next renewal may come through.
      if (!(error instanceof DuebookError)) throw error;
    }
  };
  const end = objects.doors.every(lease_ms / 4, () => { work = work.then(() => write(words)); });
  return {
    release: async () => {
      end();
      await work;
      await write(encode({ owner: null, host: '', process: '' }));
    },
  };
}

function encode(holder: Holder): Buffer {
  return Buffer.from(`${JSON.stringify(holder)}\n`);
}

/** Null: not written by duebook, or half; it is nobody's. */
function decode(bytes: Buffer): Holder | null {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Partial<Holder> | null;
    const whole = typeof value?.host === 'string' && typeof value.process === 'string'
      && (value.owner === null || typeof value.owner === 'string');
    return whole ? (value as Holder) : null;
  } catch {
    return null;
  }
}
