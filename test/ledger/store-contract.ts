/** What every store of a ledger does; the same tests for a folder and for a bucket. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/world/types.js';
import { tempFolder } from './support.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const there = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

/**
 * @param open  opens a store; the same name gives the same place, a new name an empty one
 */
export function storeContract(open: (name: string) => Promise<ObjectStore>): void {
  describe('as every store', () => {
    it('creates once, replaces, lists in order, removes', async () => {
      const folder = await tempFolder();
      const store = await open('basic');
      expect([await store.get('x'), await store.list('')]).toEqual([null, []]);
      expect(await store.create('b/2', bytes('two'))).toBe('created');
      expect(await store.create('b/2', bytes('other'))).toBe('exists');
      await writeFile(join(folder, 'local'), 'ten');
      expect(await store.createFromFile('b/10', join(folder, 'local'))).toBe('created');
      expect(await store.createFromFile('b/10', join(folder, 'local'))).toBe('exists');
      await store.replace('HEAD', bytes('1'));
      await store.replace('HEAD', bytes('2'));
      expect(String(await store.get('HEAD')) + String(await store.get('b/2')) + String(await store.get('b/10'))).toBe('2twoten');
      expect(await store.list('')).toEqual(['HEAD', 'b/10', 'b/2']);
      expect(await store.list('b/1')).toEqual(['b/10']);
      expect(await readFile(await store.localPath('b/2'), 'utf8')).toBe('two');
      await store.remove('b/2');
      await store.remove('b/2');
      expect(await store.list('')).toEqual(['HEAD', 'b/10']);
      for (const key of ['', '/etc/passwd', '../x', 'b/../../x']) await expect(store.get(key)).rejects.toThrow('not a key');
    });

    it('keeps bytes as they are, also none and many', async () => {
      const [store, folder] = [await open('bytes'), await tempFolder()];
      const odd = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
      await store.create('odd', odd);
      await store.create('none', Buffer.alloc(0));
      expect([(await store.get('odd'))!.equals(odd), (await store.get('none'))!.length]).toEqual([true, 0]);
      const large = Buffer.alloc(3_000_000, odd);
      await writeFile(join(folder, 'large'), large);
      await store.createFromFile('large', join(folder, 'large'));
      expect((await readFile(await store.localPath('large'))).equals(large)).toBe(true);
    });

    it('lets exactly one of many create a key, every time', async () => {
      const stores = await Promise.all(Array.from({ length: 8 }, () => open('race')));
      for (let round = 0; round < 25; round += 1) {
        const results = await Promise.all(stores.map((store, i) => store.create(`commits/${round}`, bytes(`writer ${i}`))));
        expect(results.filter((r) => r === 'created')).toEqual(['created']);
        expect(String(await stores[0]!.get(`commits/${round}`))).toBe(`writer ${results.indexOf('created')}`);
      }
    });

    it('gives a path at which there is nothing for an object that is not there', async () => {
      const store = await open('missing');
      expect(await there(await store.localPath('segments/1/a.parquet'))).toBe(false);
      await store.create('segments/1/a.parquet', bytes('a'));
      expect(await there(await store.localPath('segments/1/a.parquet'))).toBe(true);
      await store.remove('segments/1/a.parquet');
      expect(await there(await store.localPath('segments/1/a.parquet', true))).toBe(false);
    });

    it('has one lock, which is no object', async () => {
      const [one, two] = [await open('lock'), await open('lock')];
      const first = await one.lock('first run');
      if ('holder' in first) throw new Error(first.holder);
      const refused = await two.lock('second run');
      expect(refused).toMatchObject({ holder: expect.stringContaining('"first run"') as string });
      expect(await two.list('')).toEqual([]);
      await first.release();
      const again = await two.lock('second run');
      if ('holder' in again) throw new Error(again.holder);
      await again.release();
      expect(await two.list('')).toEqual([]);
    });

    it('can prove its promises and leaves nothing behind', async () => {
      const store = await open('proof');
      await store.prove();
      await store.prove();
      expect(await store.list('')).toEqual([]);
    });
  });
}
