/** Text of others inside Markdown. */
import { clean } from './style.js';

/**
 * One line of plain text for GitHub's Markdown: no markup, no HTML, no link, nobody mentioned, no issue referred to. A mention
 * and a bare address cannot be escaped, so a space without width stands in them.
 */
export function markdownText(text: string): string {
  return clean(text)
    .replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()|~!]/g, '\\$&')
    .replace(/^([#+\-=]|\d+[.)])/, '\\$1')
    .replace(/[@#]/g, '$&\u200b')
    .replace(/:\/\//g, ':\u200b//')
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}\u200b.`);
}

/** A Markdown table; cells are already Markdown. `right` tells which columns hold numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map((_, i) => (right.includes(i) ? '---:' : '---'))) + rows.map(line).join('');
}
