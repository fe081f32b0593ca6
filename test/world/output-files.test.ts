import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { foldersIn, freshFolder, makeFolder, readIfThere, removeFolder, writeWhole } from '../../src/world/output-files.js';

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'duebook-output-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

describe('writing files for people', () => {
  it('makes the folders, replaces what is there, leaves nothing beside', async () => {
    const dir = await folder();
    const path = join(dir, 'a', 'b', 'page.html');
    await writeWhole(path, 'one');
    await writeWhole(path, Buffer.from([0, 255]));
    expect(await readIfThere(path)).toEqual(Buffer.from([0, 255]));
    expect(await readdir(join(dir, 'a', 'b'))).toEqual(['page.html']);
  });

  it('never shows half a file: a reader sees the old or the new one', async () => {
    const path = join(await folder(), 'page.html');
    const pages = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(400_000));
    await writeWhole(path, pages[0]!);
    let writing = true;
    const seen = new Set<string>();
    const reader = (async () => { while (writing) seen.add(await readFile(path, 'utf8')); })();
    for (let i = 1; i < 40; i += 1) await writeWhole(path, pages[i % 4]!);
    writing = false;
    await reader;
    expect([...seen].filter((text) => !pages.includes(text))).toEqual([]);
  });

  it('keeps the old file when the new one cannot be written', async () => {
    const dir = await folder();
    await writeWhole(join(dir, 'page.html'), 'old');
    await mkdir(join(dir, '.page.html.part'));
    await expect(writeWhole(join(dir, 'page.html'), 'new')).rejects.toThrowError();
    expect(await readFile(join(dir, 'page.html'), 'utf8')).toBe('old');
    await chmod(dir, 0o700);
  });
});

describe('folders', () => {
  it('are made, emptied, removed and listed in order', async () => {
    const dir = join(await folder(), 'out');
    expect(await foldersIn(dir)).toEqual([]);
    for (const name of ['b', 'a', 'B']) await makeFolder(join(dir, name));
    await writeFile(join(dir, 'file'), '');
    expect(await foldersIn(dir)).toEqual(['B', 'a', 'b']);
    await freshFolder(dir);
    expect(await readdir(dir)).toEqual([]);
    await removeFolder(dir);
    await removeFolder(dir);
    expect(await foldersIn(dir)).toEqual([]);
    expect(await readIfThere(join(dir, 'none'))).toBeNull();
  });
});
