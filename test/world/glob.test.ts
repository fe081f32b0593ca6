import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import type { ConfigFiles } from '../../src/config/files.js';
import { projectFiles } from '../../src/world/config-files.js';
import { braces, glob } from '../../src/world/glob.js';

let root: string;

beforeAll(() => {
  const outside = mkdtempSync(join(tmpdir(), 'duebook-outside-'));
  root = mkdtempSync(join(tmpdir(), 'duebook-glob-'));
  for (const file of ['a.csv', 'b.csv', 'B.csv', 'c.txt', '.hidden.csv', 'x/a.csv', 'x/y/a.csv', 'x/y/z/[1].csv', 'x/.git/a.csv',
    'é/ü.csv']) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  writeFileSync(join(outside, 'secret.csv'), 'secret');
  symlinkSync(join(outside, 'secret.csv'), join(root, 'link.csv'));
  symlinkSync(outside, join(root, 'out'));
  symlinkSync(root, join(root, 'x/loop'));
  symlinkSync(join(root, 'a.csv'), join(root, 'inner.csv'));
  mkdirSync(join(root, 'gone'));
  symlinkSync(join(root, 'nowhere.txt'), join(root, 'gone/lost.txt'));
});

describe('glob', () => {
  test.each([
    ['*.csv', ['B.csv', 'a.csv', 'b.csv', 'inner.csv']],
    ['?.csv', ['B.csv', 'a.csv', 'b.csv']],
    ['a.csv', ['a.csv']],
    ['./x/a.csv', ['x/a.csv']],
    ['x/*.csv', ['x/a.csv']],
    ['x/**', ['x/a.csv', 'x/y/a.csv', 'x/y/z/[1].csv']],
    ['x/**/a.csv', ['x/a.csv', 'x/y/a.csv']],
    ['**/*.txt', ['c.txt']],
    ['{b,a}.{csv,txt}', ['a.csv', 'b.csv']],
    ['{x,x/y}/a.csv', ['x/a.csv', 'x/y/a.csv']],
    ['x/*/*/[[]1].csv', []],
    ['x/y/z/[1].csv', ['x/y/z/[1].csv']],
    ['x/.git/*.csv', ['x/.git/a.csv']],
    ['é/*.csv', ['é/ü.csv']],
    ['none/*.csv', []],
    ['x', []],
  ])('%s', async (pattern, expected) => {
    expect((await glob(root, pattern)).files).toEqual(expected);
  });

  test.each(['../*', 'x/../../*', '/etc/passwd', '/etc/*', 'C:/x', 'x\\a.csv', 'a\0.csv', ''])('%j leaves the root and finds nothing', async (pattern) => {
    expect(await glob(root, pattern)).toEqual({ files: [], refused: [] });
  });

  const out = (path: string) => ({ path, why: 'is a link that leads out of the project' });
  const unfollowed = (path: string) => ({ path, why: 'is a link to a folder with files that match, and ** follows no links' });
  test.each([
    ['a link to a file that leads out', 'link.csv', [out('link.csv')]],
    ['one that a wildcard matches', '*.csv', [out('link.csv')]],
    ['a file behind a link that leads out', 'out/secret.csv', [out('out')]],
    ['one behind a wildcard', '*/secret.csv', [out('out')]],
    ['no link to a folder without what would match', '*/a.csv', []],
    ['a link that ** does not follow', '**/secret.csv', [unfollowed('out')]],
    ['no link whose files are found without it', 'x/**/[1].csv', []],
    ['one whose files are not', 'x/**/B.csv', [unfollowed('x/loop')]],
    ['a link to nothing', 'gone/*.txt', [{ path: 'gone/lost.txt', why: 'is a link to what is not there' }]],
    ['no link to nothing that is only on the way', 'gone/*/a.txt', []],
  ])('refuses, and tells: %s', async (_, pattern, expected) => {
    expect((await glob(root, pattern)).refused).toEqual(expected);
  });

  test('does not look through a whole disk behind a link', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'duebook-disk-'));
    onTestFinished(() => rmSync(disk, { recursive: true }));
    for (let i = 0; i < 20_001; i += 1) writeFileSync(join(disk, `${i}.txt`), '');
    mkdirSync(join(root, 'w'));
    symlinkSync(disk, join(root, 'w/disk'));
    expect(await glob(root, 'w/**/*.csv')).toEqual({ files: [], refused: [unfollowed('w/disk')] });
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('tells of a folder that may not be read', async () => {
    mkdirSync(join(root, 'shut'), { mode: 0 });
    expect(await glob(root, 'shut/*.csv')).toEqual({ files: [], refused: [{ path: 'shut', why: 'cannot be read (EACCES)' }] });
    expect((await glob(root, 'shut/a.csv')).refused).toEqual([{ path: 'shut/a.csv', why: 'cannot be read (EACCES)' }]);
  });

  test('braces', () => {
    expect(braces('a{b,c{d,e}}f')).toEqual(['abf', 'acdf', 'acef']);
    expect(braces('{a}')).toEqual(['{a}']);
    expect(braces('{a,b')).toEqual(['{a,b']);
    expect(braces('{,a}b')).toEqual(['b', 'ab']);
  });
});

describe('project files', () => {
  test('are what the config room asks for, and only inside', async () => {
    const files: ConfigFiles = projectFiles(root);
    expect(await files.read('a.csv')).toBe('a.csv');
    expect(await files.read('none')).toBeNull();
    await expect(files.read('link.csv')).rejects.toThrow('it is a link that leads out of the project, or to nothing');
    expect(await files.read('../etc/passwd')).toBeNull();
    await expect(files.read('x')).rejects.toThrow('it is not a file');
    expect(await files.exists('x/y')).toBe(true);
    expect(await files.exists('out')).toBe(false);
    expect(await files.glob('x/*.csv')).toEqual({ files: ['x/a.csv'], refused: [] });
  });
});
