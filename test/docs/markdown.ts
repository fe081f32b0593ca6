/** Markdown pages that are partly made: what a test computes is compared with the page, or put into it with UPDATE=1. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function readPage(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Compares a page with what it should be; with UPDATE=1 writes it. Gives both texts for `expect`. */
export function settle(file: string, expected: string): { actual: string; expected: string } {
  if (process.env['UPDATE'] === '1') writeFileSync(join(ROOT, file), expected);
  return { actual: readPage(file), expected };
}

/** A table; `|` and line ends in cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown): string => String(value ?? '').replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');
  const line = (cells: readonly unknown[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** The page with the text between `<!-- made: name -->` and `<!-- /made -->` replaced. */
export function withPart(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- made: ${name} -->`, '<!-- /made -->'];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no part "${name}"`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
