/**
 * Every command that a page shows in a `console` block is run, in order, in a copy of the sample, and says what the page says it
 * says. Lines may be left out; `…` stands for anything. A page that begins with `<!-- sample: fresh -->` starts before any run,
 * the others after `npm run sample`. What follows `--expect` or
 * `--changes-since` is replaced by the digest the batch had when it was last looked at.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { cli, words } from '../cli/support.js';
import { readPage, ROOT } from './markdown.js';
import { sampleAfterRuns, sampleCopy } from './sample.js';

interface Step {
  readonly command: string;
  readonly shown: readonly string[];
  readonly exit: number;
}

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md')).sort().map((file) => `docs/${file}`)];

function stepsOf(page: string): Step[] {
  return [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.split(/^\$ /m).slice(1).map((part) => {
    const [command, ...lines] = part.trimEnd().split('\n');
    const exit = Number(/^exit (\d+)$/.exec(lines.at(-1) ?? '')?.[1] ?? 0);
    return { command: command!, shown: exit === 0 ? lines : lines.slice(0, -1), exit };
  }));
}

/** Whether `line` is what `shown` says, where the number of blanks does not count and … is anything. */
function matches(line: string, shown: string): boolean {
  const plain = (text: string): string => text.trim().replace(/ +/g, ' ');
  const pattern = plain(shown).split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`).test(plain(line));
}

/** The first shown line that the output does not have after the ones before, or null. */
function missing(output: string, shown: readonly string[]): string | null {
  const lines = output.split('\n');
  let at = 0;
  for (const each of shown) {
    const found = lines.findIndex((line, i) => i >= at && matches(line, each));
    if (found < 0) return each;
    at = found + 1;
  }
  return null;
}

/** Commands after which one knows the digests. */
function looks(command: string): boolean {
  return /^npx duebook (preview|status|run) .*--as-of/.test(command);
}

/** Commands that name a digest. */
function refers(command: string): boolean {
  return /--(expect|changes-since)/.test(command);
}

let before: string;
let after: string;

beforeAll(async () => {
  before = await sampleCopy();
  after = await sampleAfterRuns();
});

afterAll(() => {
  for (const folder of [before, after]) rmSync(folder, { recursive: true });
});

describe('what pages show on a console', () => {
  test.each(pages.filter((page) => stepsOf(readPage(page)).length > 0))('%s', async (page) => {
    const text = readPage(page);
    const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'duebook-page-')));
    cpSync(text.includes('<!-- sample: fresh -->') ? before : after, cwd, { recursive: true });
    const digests = new Map<string, string>();
    const steps = stepsOf(text);
    for (const [i, { command, shown, exit }] of steps.entries()) {
      const argv = words(command);
      if (argv[0] !== 'npx') {
        expect(spawnSync('sh', ['-c', command], { cwd }).status, command).toBe(exit);
        continue;
      }
      const expectAt = argv.indexOf('--expect');
      const sinceAt = argv.indexOf('--changes-since');
      const changed = /^Changes of batch (\S+)/.exec(shown.find((line) => line.startsWith('Changes')) ?? '')?.[1] ?? '';
      if (sinceAt > 0) argv[sinceAt + 1] = digests.get(changed) ?? argv[sinceAt + 1]!;
      if (expectAt > 0) argv[expectAt + 1] = digests.get(argv[3]!) ?? argv[expectAt + 1]!;
      const ran = await cli(argv.slice(2), { cwd, now: '2026-05-05T04:00:00Z' });
      expect(ran.code, `${command}\n${ran.stderr}`).toBe(exit);
      expect(missing(ran.stdout + ran.stderr, shown), `${command}\n${ran.stdout}${ran.stderr}`).toBeNull();
      const next = steps.slice(i + 1).find((step) => looks(step.command) || refers(step.command));
      if (!looks(command) || next === undefined || !refers(next.command)) continue;
      const looked = await cli(['preview', '--as-of', argv[argv.indexOf('--as-of') + 1]!, '--json'], { cwd });
      const { batches } = JSON.parse(looked.stdout) as { batches: { batch_id: string; digest: string }[] };
      for (const { batch_id, digest } of batches) digests.set(batch_id, digest);
    }
    rmSync(cwd, { recursive: true });
  }, 600_000);
});
