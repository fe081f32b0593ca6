/**
 * Objects in a bucket, by the official client: reading, listing, and writing under a condition with an outcome that is known.
 *
 * A request whose answer is lost may have been carried out. Each write bears a name of its own as metadata, so that reading the
 * object tells whether it is ours; equal bytes would not, for two runs of the same inputs write the same bytes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as S3 from '@aws-sdk/client-s3';
import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { BucketAddress } from '../values/bucket.js';
import { bucketError, isConflict, isMissing, isRefused, isUnclear, unreachable, unsafe } from './s3-errors.js';

/** How long the network may be silent, in milliseconds. */
export interface BucketTimeouts {
  readonly connection_ms: number;
  readonly silence_ms: number;
}
const TIMEOUTS: BucketTimeouts = { connection_ms: 10_000, silence_ms: 30_000 };

/** Requests that fail for a passing reason are made so many times; the client waits longer each time. */
const ATTEMPTS = 4;
/** Conflicts and lost answers of one write, before it is given up. */
const ROUNDS = 5;
const WRITER = 'duebook-writer';
const MD5_OF_UPLOADS = 'md5';

export type Condition = { readonly absent: true } | { readonly etag: string } | null;
/** The bytes, or the local file that has them. */
export type Body = Buffer | { readonly path: string; readonly bytes: number };

/** What a bucket says of an object. */
export interface ObjectState {
  readonly etag: string;
  readonly writer: string | null;
  /** Milliseconds since it was written, by the server's own clock; null if it does not tell. */
  readonly age_ms: number | null;
}

/** The client's commands, and who sends them. */
export interface Connection { readonly sdk: typeof S3; readonly client: Pick<S3Client, 'send'> }

/** What lies below a bucket: the service, and time as it goes by here. */
export interface BucketDoors {
  readonly connect: () => Promise<Connection>;
  readonly pause: (ms: number) => Promise<void>;
  /** Begins to do something again and again; gives what ends it. */
  readonly every: (ms: number, work: () => void) => () => void;
}
interface Answer {
  readonly ETag?: string | undefined; readonly Metadata?: Record<string, string> | undefined; readonly LastModified?: Date | undefined;
  readonly $metadata: { readonly httpStatusCode?: number | undefined; date?: string | undefined };
}

/** Objects of one bucket below one prefix. Throws LEDGER_UNREACHABLE, and LEDGER_STORE_UNSAFE where conditions are unknown. */
export class BucketObjects {
  readonly address: BucketAddress;
  readonly doors: BucketDoors;
  #connection: Promise<Connection> | null = null;

  /** `doors`: those of a bucket that is made up; absent: the official client, asked for the first time when it is needed. */
  constructor(
    address: BucketAddress, env: Readonly<Record<string, string | undefined>>, timeouts: Partial<BucketTimeouts> = {}, doors?: BucketDoors,
  ) {
    this.address = address;
    this.doors = doors ?? { connect: () => connect(clientSettings(address, env, { ...TIMEOUTS, ...timeouts })), pause, every };
  }

  /** The object whole, or null if there is none. */
  async get(key: string): Promise<{ bytes: Buffer; state: ObjectState } | null> {
    return this.#read(key, async ({ sdk, client }) => {
      const output = await client.send(new sdk.GetObjectCommand(this.#at(key)));
      return { bytes: Buffer.from(await output.Body!.transformToByteArray()), state: stateOf(output) };
    });
  }

  /** What the bucket says of the object, or null if there is none. */
  async state(key: string): Promise<ObjectState | null> {
    return this.#read(key, async ({ sdk, client }) => stateOf(await client.send(new sdk.HeadObjectCommand(this.#at(key)))));
  }

  /** Writes the object into a local file, which appears whole; false if there is none. */
  async download(key: string, path: string): Promise<boolean> {
    const done = await this.#read(key, async ({ sdk, client }) => {
      const output: GetObjectCommandOutput = await client.send(new sdk.GetObjectCommand(this.#at(key)));
      await mkdir(dirname(path), { recursive: true });
      const aside = `${path}.${randomUUID()}.part`;
      try {
        await pipeline(output.Body as Readable, createWriteStream(aside));
        const file = await open(aside, 'r+');
        await file.sync().finally(() => file.close());
        await rename(aside, path);
      } finally {
        await rm(aside, { force: true });
      }
      return true;
    });
    return done ?? false;
  }

  /** Keys below a prefix, of all pages. */
  async list(prefix: string): Promise<string[]> {
    const cut = this.#key('').length;
    const keys = await this.#read(prefix, async ({ sdk, client }) => {
      const found: string[] = [];
      for (let token: string | undefined; ;) {
        const page = await client.send(new sdk.ListObjectsV2Command({
          Bucket: this.address.bucket, Prefix: this.#key(prefix), ...(token === undefined ? {} : { ContinuationToken: token }),
        }));
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) found.push(Key.slice(cut));
        if (page.IsTruncated !== true) return found;
        token = page.NextContinuationToken;
      }
    });
    return keys ?? [];
  }

  async remove(key: string): Promise<void> {
    const { sdk, client } = await this.#connect();
    try {
      await client.send(new sdk.DeleteObjectCommand(this.#at(key)));
    } catch (error) {
      const known = bucketError(error);
      if (!isMissing(known)) throw unreachable(this.address, key, 'write', known);
    }
  }

  /** Writes under a condition. Gives the new ETag, or null where the condition did not hold. */
  async put(key: string, body: Body, condition: Condition): Promise<string | null> {
    const writer = randomUUID();
    let unclear = false;
    for (let round = 1; ; round += 1) {
      try {
        return await this.#send(key, body, condition, writer);
      } catch (error) {
        const known = bucketError(error);
        const refused = isRefused(known) || (condition !== null && 'etag' in condition && isMissing(known));
        unclear ||= known.attempts > 1 || isUnclear(known);
        // An earlier attempt that nobody answered, or that somebody on the way made once more, may be what stands there now.
        if ((unclear || refused) && condition !== null) {
          const found = await this.state(key).catch(() => undefined);
          if (found === undefined && unclear) throw unreachable(this.address, key, 'write', known, true);
          if (found?.writer === writer) return found.etag;
          if (found !== null && unclear && 'absent' in condition) return null;
        }
        if (refused) return null;
        const again = isConflict(known) || (isUnclear(known) && !Buffer.isBuffer(body));
        if (!again || round === ROUNDS) throw unreachable(this.address, key, 'write', known, unclear);
        await this.doors.pause(50 * 2 ** round);
      }
    }
  }

  async #send(key: string, body: Body, condition: Condition, writer: string): Promise<string> {
    const { sdk, client } = await this.#connect();
    const content = Buffer.isBuffer(body)
      ? { Body: body, ContentLength: body.length }
      : { Body: createReadStream(body.path), ContentLength: body.bytes, ContentMD5: await md5(body.path) };
    const output = await client.send(new sdk.PutObjectCommand({
      ...this.#at(key), ...content, Metadata: { [WRITER]: writer },
      ...(condition === null ? {} : 'absent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.etag }),
    }));
    if (output.ETag === undefined) throw unsafe(this.address, 'it does not tell the ETag of what was written');
    return output.ETag;
  }

  async #read<T>(key: string, work: (connection: Connection) => Promise<T>): Promise<T | null> {
    const connection = await this.#connect();
    try {
      return await work(connection);
    } catch (error) {
      const known = bucketError(error);
      if (isMissing(known)) return null;
      throw unreachable(this.address, key, 'read', known);
    }
  }

  #key(key: string): string {
    return this.address.prefix === '' ? key : `${this.address.prefix}/${key}`;
  }

  #at(key: string): { Bucket: string; Key: string } {
    if (key === '' || key.startsWith('/') || key.split('/').includes('..')) throw new Error(`not a key: ${key}`);
    return { Bucket: this.address.bucket, Key: this.#key(key) };
  }

  #connect(): Promise<Connection> {
    this.#connection ??= this.doors.connect();
    return this.#connection;
  }
}

/** The client is large: it is loaded only where a bucket is used. */
async function connect(settings: S3ClientConfig): Promise<Connection> {
  // On Node 20 the client tells users that a later version will not run there; they could do nothing about it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client(settings);
  // Keeps the header Date of answers: ages are told by the server's clock alone.
  client.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    const { headers } = result.response as { headers?: Record<string, string> };
    (result.output as Answer).$metadata.date = headers?.['date'];
    return result;
  }, { step: 'deserialize', priority: 'high', name: 'keepDate' });
  return { sdk, client };
}

async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
}

function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  timer.unref();
  return () => { clearInterval(timer); };
}

function silent(): void {
  // Nothing is said.
}

/** Settings of the client: the address first, then the environment, then what the client finds by itself (profiles, roles). */
function clientSettings(
  address: BucketAddress, env: Readonly<Record<string, string | undefined>>, timeouts: BucketTimeouts,
): S3ClientConfig {
  const endpoint = address.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  const region = address.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? (endpoint === undefined ? undefined : 'us-east-1');
  const [id, secret, token] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN']];
  return {
    maxAttempts: ATTEMPTS,
    // What goes wrong is told by what is thrown; the client would write to the console as well.
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    ...(region === undefined ? {} : { region }),
    // Servers other than AWS do not all know the checksums that the client adds by default; the signature covers the bytes.
    ...(endpoint === undefined ? {} : {
      endpoint, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED',
    } satisfies S3ClientConfig),
    forcePathStyle: address.path_style ?? endpoint !== undefined,
    ...(id === undefined || secret === undefined ? {} : {
      credentials: { accessKeyId: id, secretAccessKey: secret, ...(token === undefined ? {} : { sessionToken: token }) },
    }),
    requestHandler: { connectionTimeout: timeouts.connection_ms, socketTimeout: timeouts.silence_ms },
  };
}

function stateOf(output: Answer): ObjectState {
  const now = Date.parse(output.$metadata.date ?? '');
  const age = now - (output.LastModified?.getTime() ?? Number.NaN);
  return { etag: output.ETag ?? '', writer: output.Metadata?.[WRITER] ?? null, age_ms: Number.isNaN(age) ? null : age };
}

/** Of a file that is streamed the signature does not cover the bytes, but this does (RFC 1864). */
async function md5(path: string): Promise<string> {
  const hash = createHash(MD5_OF_UPLOADS);
  await pipeline(createReadStream(path), hash);
  return hash.digest('base64');
}
