/** The store in a bucket of a real S3 server, and what it does when the network or the server is at fault. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBucketAddress } from '../../src/values/bucket.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import type { BucketOptions } from '../../src/world/s3-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { faultyNetwork, lyingBucket } from '../support/s3-liar.js';
import type { Fault, Lie } from '../support/s3-liar.js';
import { describeWithS3, S3_ENV } from '../support/s3-server.js';
import { storeContract } from './store-contract.js';
import { tempFolder } from './support.js';

const bytes = (text: string): Buffer => Buffer.from(text);

async function openAt(url: string, more: Partial<BucketOptions> = {}): Promise<ObjectStore> {
  const address = readBucketAddress(url);
  if ('flaw' in address) throw new Error(address.flaw);
  return openBucketStore(address, { env: S3_ENV, cache: await tempFolder(), ...more });
}

/** What an operation was refused with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => new Error('nothing was refused'), (e: unknown) => e as Error);
  return error.message;
}

describeWithS3('the store in a bucket', (server) => {
  const open = (prefix: string, more: Partial<BucketOptions> = {}, endpoint?: string): Promise<ObjectStore> => openAt(server.url(prefix, endpoint), more);
  const faulty = (fault: Parameters<typeof faultyNetwork>[1]): Promise<string> => faultyNetwork(() => server.endpoint, fault);

  storeContract((name) => open(`contract/${name}`));

  it('lists page by page', async () => {
    const store = await open('pages');
    const keys = Array.from({ length: 1100 }, (_, i) => `commits/${String(i).padStart(8, '0')}.json`);
    await Promise.all(keys.map((key) => store.create(key, bytes('x'))));
    expect(await store.list('commits/')).toEqual(keys);
  });

  it('keeps what it downloaded, and reads fresh when it has to', async () => {
    const store = await open('cache');
    await store.create('segments/a', bytes('good'));
    const path = await store.localPath('segments/a');
    await writeFile(join(server.folder, 'ledgers/cache/segments/a'), 'evil');
    expect(await readFile(await store.localPath('segments/a'), 'utf8')).toBe('good');
    expect(await readFile(await store.localPath('segments/a', true), 'utf8')).toBe('evil');
    expect(await readFile(path, 'utf8')).toBe('evil');
  });

  it('finds out what became of a write whose answer was lost', async () => {
    for (const [lost, key] of [['answer lost', 'a'], ['request lost', 'b'], [{ status: 503, code: 'SlowDown' }, 'c'], [{ status: 409, code: 'ConditionalRequestConflict' }, 'd'], ['made twice', 'e']] as const) {
      let left = 1;
      const endpoint = await faulty((method): Fault => (method === 'PUT' && left-- > 0 ? lost : null));
      const store = await open('lost', {}, endpoint);
      expect(await store.create(key, bytes('mine'))).toBe('created');
      expect(await store.create(key, bytes('mine'))).toBe('exists');
    }
  });

  it('does not take the equal bytes of another writer for its own', async () => {
    const other = await open('equal');
    let put = 0;
    const endpoint = await faulty((method): Fault => {
      if (method !== 'PUT') return null;
      put += 1;
      return put === 1 ? 'request lost' : null;
    });
    const store = await open('equal', {}, endpoint);
    await other.create('commits/1', bytes('same'));
    expect(await store.create('commits/1', bytes('same'))).toBe('exists');
    expect(put).toBe(2);
  });

  it('gives up in plain words when the outcome cannot be known', async () => {
    const endpoint = await faulty((method): Fault => (method === 'PUT' ? 'answer lost' : 'request lost'));
    const store = await open('doubt', {}, endpoint);
    expect(await refusal(store.create('commits/1', bytes('x')))).toBe(
      'LEDGER_UNREACHABLE: Cannot write s3://ledgers/doubt/commits/1: the connection was lost. Whether it was written is not known; the next run finds out by itself.');
    expect(await (await open('doubt')).create('commits/1', bytes('x'))).toBe('exists');
  });

  it('does not wait for ever', async () => {
    const endpoint = await faulty((method): Fault => (method === 'GET' ? 'no answer' : null));
    const store = await open('silent', { timeouts: { silence_ms: 200 } }, endpoint);
    expect(await refusal(store.get('HEAD.json'))).toMatch(/^LEDGER_UNREACHABLE: Cannot read s3:\/\/ledgers\/silent\/HEAD\.json: the server did not answer in time/);
  });

  it('streams large files', async () => {
    const [store, folder] = [await open('large'), await tempFolder()];
    const large = Buffer.alloc(65 * 1024 * 1024, 'duebook ');
    await writeFile(join(folder, 'large'), large);
    expect(await store.createFromFile('large', join(folder, 'large'))).toBe('created');
    expect(await store.createFromFile('large', join(folder, 'large'))).toBe('exists');
    expect((await readFile(await store.localPath('large'))).equals(large)).toBe(true);
  });

  it('takes over a lock that nobody renews, and only such a one', async () => {
    const [mine, other] = [await open('lease', { lease_ms: 5000 }), await open('lease', { lease_ms: 5000 })];
    const held = await mine.lock('first run');
    if ('holder' in held) throw new Error(held.holder);
    await new Promise((done) => setTimeout(done, 7000));
    // Renewed all the while.
    expect(await other.lock('second run')).toMatchObject({ holder: expect.stringContaining('"first run"') as string });
    await held.release();
    // A run on another machine took it and died.
    await (await open('lease')).replace('LOCK', bytes('{"owner":"dead run","host":"far","process":"far@1@x"}\n'));
    expect(await other.lock('second run')).toMatchObject({ holder: expect.stringContaining('"dead run" on far') as string });
    await new Promise((done) => setTimeout(done, 6200));
    const taken = await other.lock('second run');
    expect(Object.keys(taken)).toEqual(['release']);
    if ('release' in taken) await taken.release();
  });

  it('says in plain words why a bucket cannot be used', async () => {
    const at = (text: string): Promise<string> => openAt(text).then((store) => refusal(store.get('HEAD.json')));
    expect(await at(`s3://no-such-bucket?endpoint=${server.endpoint}`)).toBe('LEDGER_UNREACHABLE: Cannot read s3://no-such-bucket/HEAD.json: there is no such bucket.');
    expect(await at('s3://ledgers?endpoint=http://127.0.0.1:1')).toContain('the server refuses connections');
    expect(await at('s3://ledgers?endpoint=http://no-such-host.invalid')).toContain('the server has no address (DNS)');
    const wrong = await open('x', { env: { ...S3_ENV, AWS_SECRET_ACCESS_KEY: 'wrong' } });
    expect(await refusal(wrong.get('HEAD.json'))).toContain('the secret key does not fit the access key');
    expect(await refusal(wrong.create('x', bytes('x')))).toContain('Cannot write s3://ledgers/x/x: the secret key does not fit the access key');
    for (const [status, code, words] of [
      [403, 'AccessDenied', 'access is denied'], [403, 'RequestTimeTooSkewed', "this machine's clock is wrong"], [400, 'ExpiredToken', 'the credentials have expired'],
      [301, 'PermanentRedirect', 'the bucket is in another region'], [507, 'InsufficientStorage', 'the disk of the server is full'],
    ] as const) {
      const endpoint = await faulty(() => ({ status, code }));
      const store = await open('x', {}, endpoint);
      for (const work of [() => store.get('a'), () => store.create('a', bytes('x')), () => store.list('')]) expect(await refusal(work())).toMatch(new RegExp(`^LEDGER_UNREACHABLE: Cannot (read|write) .*: ${words}`));
    }
  });
});

describe('a bucket that lies', () => {
  const LIES: [Lie, string][] = [
    ['creates twice', 'it creates an object that is there already (it does not honour If-None-Match)'],
    ['replaces stale', 'it replaces an object by a condition that does not hold (it does not honour If-Match)'],
    ['reads old', 'it does not give back what was written last'],
    ['lists nothing', 'it does not list what was written'],
    ['knows no conditions', 'it does not know conditional writes'],
  ];

  it('is found out', async () => {
    for (const [lie, words] of [...LIES, [null, null]] as const) {
      const store = await openAt(`s3://liar/x?endpoint=${await lyingBucket(lie)}`);
      const expected = words === null ? 'nothing was refused' : `LEDGER_STORE_UNSAFE: s3://liar/x is not safe for a ledger: ${words}.`;
      expect(await refusal(store.prove())).toBe(expected);
    }
  });

  it('is found out by whoever takes the lock, the first time and later', async () => {
    for (const [lie, words] of [LIES[0]!, LIES[1]!, LIES[4]!]) {
      const endpoint = await lyingBucket(lie);
      for (let round = 0; round < 2; round += 1) {
        const store = await openAt(`s3://liar/x?endpoint=${endpoint}`);
        expect(await refusal(store.lock('a run'))).toBe(`LEDGER_STORE_UNSAFE: s3://liar/x is not safe for a ledger: ${words}.`);
      }
    }
  });
});

describe('the address of a bucket', () => {
  it('is read, or refused with the remedy', () => {
    expect(readBucketAddress('s3://my-bucket/a/b/?region=eu-central-1&endpoint=https://s3.example.com:9000&path_style=false')).toEqual({
      bucket: 'my-bucket', prefix: 'a/b', endpoint: 'https://s3.example.com:9000', region: 'eu-central-1', path_style: false, name: 's3://my-bucket/a/b',
    });
    expect(readBucketAddress('s3://my-bucket')).toMatchObject({ prefix: '', endpoint: null, region: null, path_style: null, name: 's3://my-bucket' });
    const flaws = ['gs://x', 's3://', 's3://A', 's3://key:secret@bucket', 's3://bucket/a/../b', 's3://bucket?regoin=x', 's3://bucket?endpoint=nonsense', 's3://bucket?path_style=yes', 's3://bucket?region=', 's3://b#x'];
    expect(flaws.map((text) => readBucketAddress(text)).map((read) => ('flaw' in read ? read.flaw : 'fine'))).toMatchSnapshot();
  });
});
